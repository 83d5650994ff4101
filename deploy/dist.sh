#!/bin/sh
# Makes the archives of a release of what is committed, in build/dist: a tarball,
# PGXN's zip file, and their checksums.  The same commit makes the same files.
set -eu
cd "$(dirname "$0")/.."

target=build/dist
version=$(git show HEAD:VERSION)
name=pg_outbox-$version

# A file in which the version has to be, made of the one with .in behind its name.
with_version() {
    git show "HEAD:$1.in" | sed "s/@VERSION@/$version/g"
}

# These are in the archives and not in the repository.
meta=$(with_version META.json)
spec=$(with_version deploy/rpm/pg_outbox.spec)
changes=$(git show HEAD:deploy/changelog.sh |
    sh -s "$version" "$(git log -1 --format=%ct)")

# An archive of a format, on standard output.
archive() {
    git archive --format="$1" --prefix="$name/" \
        --add-virtual-file="$name/META.json:$meta
" --add-virtual-file="$name/deploy/rpm/pg_outbox.spec:$spec
" --add-virtual-file="$name/debian/changelog:$changes
" HEAD
}

rm -rf "$target"
mkdir -p "$target"
archive tar | gzip -9 --no-name > "$target/$name.tar.gz"
archive zip > "$target/$name.zip"
(cd "$target" && sha256sum "$name.tar.gz" "$name.zip" > "$name.sha256")
ls -l "$target"
