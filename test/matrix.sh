#!/bin/sh
# Builds the decoder and runs its tests, the extension's and the isolation tests
# on other versions of PostgreSQL, each in a chroot of the Debian release that has
# it.  Needs root.
#
#   matrix.sh [VERSION]...
set -eu
cd "$(dirname "$0")/.."
. test/chroot.sh

versions=${*:-13 15 17 18 19}
logs=build/matrix

release_of() {
    case $1 in
        13) echo bullseye ;;
        15) echo bookworm ;;
        17) echo trixie ;;
        18) echo forky ;;
        19) echo sid ;;
        *) echo "matrix.sh: no release is known for PostgreSQL $1" >&2 && exit 2 ;;
    esac
}

# Makes a version's base.  What is only in experimental has to be asked for.
make_base() {
    release=$(release_of "$1")
    sources=$(test/setup/sources.sh "$release") || return 1
    from=
    if [ "$1" -ge 19 ]; then
        sources="$sources
$(test/setup/sources.sh experimental)" || return 1
        from=/experimental
    fi
    packages=gcc,make,libc6-dev
    for package in libpq5 libpq-dev "postgresql-client-$1" "postgresql-$1" \
        "postgresql-server-dev-$1"; do
        packages="$packages,$package$from"
    done
    chroot_base "postgresql-$1" "$release" "$sources" "$packages"
}

# Builds and tests in a chroot of a version.
run_tests() {
    chroot_unpack "postgresql-$1"
    mkdir -p "$root/src/test"
    cp -r VERSION decoder sql "$root/src"
    cp -r test/sql test/expected test/specs test/*.sh test/setup test/regress.conf \
        "$root/src/test"
    # shellcheck disable=SC2016 # for the shell in the chroot
    chroot_run PG_CONFIG="/usr/lib/postgresql/$1/bin/pg_config" sh -euc '
        cd /src
        make -C decoder clean > /dev/null
        make -C sql clean > /dev/null
        make -C decoder PG_CONFIG="$PG_CONFIG"
        test/regress.sh regress
        test/stream.sh
        if [ -e "$(dirname "$("$PG_CONFIG" --pgxs)")/../test/isolation" ]; then
            test/regress.sh isolation
        else
            echo "no isolation tests passed: this version ships no tester"
        fi'
}

chroot_require
mkdir -p "$logs"
failed=
for version in $versions; do
    if ! make_base "$version"; then
        failed="$failed $version"
        continue
    fi
    status=0
    run_tests "$version" > "$logs/$version.log" 2>&1 || status=$?
    chroot_remove
    if [ "$status" -ne 0 ]; then
        tail -n 100 "$logs/$version.log"
        echo "PostgreSQL $version: FAILED: $logs/$version.log"
        failed="$failed $version"
    else
        grep 'tests passed' "$logs/$version.log" |
            sed "s/^ */PostgreSQL $version: /"
    fi
done
if [ -n "$failed" ]; then
    echo "failed:$failed"
    exit 1
fi
