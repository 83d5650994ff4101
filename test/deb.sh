#!/bin/sh
# Builds the packages of what is committed in a chroot with what they need: Debian's,
# of a version before, too, and RPM's, as far as Debian's tools allow.  Then lives with
# Debian's in a clean one: test/deb_life.sh.  Needs root, and a broker named by BROKERS.
#
#   deb.sh [RELEASE]
set -eu
cd "$(dirname "$0")/.."
. test/chroot.sh

release=${1:-bookworm}
target=build/check-deb
chroot_require
if ! git diff --quiet HEAD; then
    echo "deb.sh: these files are tested as they were committed:" >&2
    git diff --name-only HEAD >&2
fi
sources=$(test/setup/sources.sh "$release" all)
chroot_base "$release-deb" "$release" "$sources" ca-certificates,git,lintian,rpm,rpmlint
chroot_unpack "$release-deb"
git clone --quiet --no-hardlinks . "$root/src"
# shellcheck disable=SC2016 # for the shell in the chroot
chroot_run LANG=C.UTF-8 sh -euc '
    cd /src
    mkdir /packages
    echo "what docs/install.md has before \"make deb\""
    sed -n "s/^    # //p" docs/install.md | sed "/^make deb\$/,\$d" |
        sed "s/^apt /apt-get -y -qq -o Dpkg::Use-Pty=0 /" > /tmp/prepare
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive sh -e /tmp/prepare > /tmp/log 2>&1 ||
        { cat /tmp/log; exit 1; }
    for version in "$(cat VERSION)~before" "$(cat VERSION)"; do
        echo "building the packages of version $version"
        deploy/deb.sh "$version" > /tmp/log 2>&1 || { cat /tmp/log; exit 1; }
        mv build/deb "/packages/$version"
        (cd "/packages/$version" && dpkg-scanpackages . > Packages 2> /dev/null)
    done
    echo "lintian"
    lintian --allow-root --fail-on error,warning --tag-display-limit 0 --info \
        "/packages/$version"/*.changes
    ls -l "/packages/$version"
    echo "RPM"
    tar -xzf build/dist/*.tar.gz --wildcards --strip-components=3 "*/pg_outbox.spec"
    rpmlint pg_outbox.spec
    # There is no database of packages here, and none of the macros for systemd.
    rpmbuild -ba --nodeps --define "_sourcedir $PWD/build/dist" --define "_topdir /rpm" \
        --define "_unitdir /usr/lib/systemd/system" \
        --define "_sysusersdir /usr/lib/sysusers.d" pg_outbox.spec > /tmp/log 2>&1 ||
        { cat /tmp/log; exit 1; }
    rpm -qpl /rpm/RPMS/*/*.rpm > /tmp/files
    for file in bin/pg_outbox lib/systemd/system/pg_outbox.service pg_outbox.so \
        pg_outbox.control pg_outbox.conf man1/pg_outbox.1; do
        grep "/$file\$" /tmp/files
    done'
rm -rf "$target"
mkdir -p "$target"
mv "$root/packages" "$target/packages"
chroot_remove

chroot_base "$release" "$release" "$sources" git,make,ca-certificates
chroot_unpack "$release"
cp -r "$target/packages" "$root/packages"
cp test/deb_life.sh docs/install.md docs/upgrade.md "$root"
chroot_run LANG=C.UTF-8 BROKERS="$BROKERS" VERSION="$(cat VERSION)" \
    LAST="$(sed -n 's/^LAST = //p' sql/Makefile)" bash /deb_life.sh
