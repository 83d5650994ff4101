#!/bin/sh
# Makes the archives of a release of what is committed, in build/dist: a tarball,
# PGXN's zip file, and their checksums.  The same commit makes the same files.
set -eu
cd "$(dirname "$0")/.."

target=build/dist
version=$(git show HEAD:VERSION)
name=pg_outbox-$version

# It is in the archives and not in the repository.
meta=$(git show HEAD:META.json.in | sed "s/@VERSION@/$version/g")

# An archive of a format, on standard output.
archive() {
    git archive --format="$1" --prefix="$name/" --add-virtual-file="$name/META.json:$meta
" HEAD
}

rm -rf "$target"
mkdir -p "$target"
archive tar | gzip -9 --no-name > "$target/$name.tar.gz"
archive zip > "$target/$name.zip"
(cd "$target" && sha256sum "$name.tar.gz" "$name.zip" > "$name.sha256")
ls -l "$target"
