#!/bin/sh
# Makes Debian packages in build/deb: from a repository of what is committed, from a
# release's archive of that.  A version other than VERSION may be given.
#
#   deb.sh [VERSION]
set -eu
cd "$(dirname "$0")/.."

target=$PWD/build/deb
version=${1:-$(cat VERSION)}
for command in dpkg-buildpackage dh pg_buildext; do
    if ! command -v "$command" > /dev/null; then
        echo "deb.sh: $command is missing: apt-get install dpkg-dev debhelper" \
            "postgresql-server-dev-all" >&2
        exit 1
    fi
done
rm -rf "$target"
mkdir -p "$target/source"
if [ -e .git ]; then
    deploy/dist.sh > /dev/null
    tar -xzf build/dist/*.tar.gz --strip-components=1 -C "$target/source"
else
    tar -c --exclude=./build . | tar -x -C "$target/source"
fi
cd "$target/source"
if [ "$version" != "$(cat VERSION)" ]; then
    echo "$version" > VERSION
    deploy/changelog.sh "$version" "$(stat -c %Y META.json)" > debian/changelog
fi
# For the versions of PostgreSQL that are supported here.
pg_buildext updatecontrol
dpkg-buildpackage --no-sign
cd ..
rm -rf source
ls -l
