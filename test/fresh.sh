#!/bin/sh
# Runs "make demo" and "make check" of what is committed on a fresh machine: a
# chroot of a Debian release with git, make and certificates, and nothing else.
#
#   fresh.sh [RELEASE]
set -eu
cd "$(dirname "$0")/.."
. test/chroot.sh

release=${1:-bookworm}
chroot_require
chroot_base "$release" "$release" "$(test/setup/sources.sh "$release" all)" \
    git,make,ca-certificates
chroot_unpack "$release"
git clone --quiet --no-hardlinks . "$root/src"
echo "testing $(git log -1 --format='%h: %s') on a fresh $release"
if ! git diff --quiet HEAD; then
    echo "fresh.sh: these files are tested as they were committed:" >&2
    git diff --name-only HEAD >&2
fi

# shellcheck disable=SC2016 # for the shell in the chroot
chroot_run bash -euo pipefail -c '
    cd /src
    make demo 2>&1 | tee /tmp/demo.log
    if grep -n "$(printf "\033")" /tmp/demo.log | cat -v; then
        echo "fresh.sh: make demo printed escape sequences without a terminal" >&2
        exit 1
    fi
    echo "make demo passed on a fresh machine after $SECONDS s"
    make check
    echo "make demo and make check passed on a fresh machine after $SECONDS s"'
