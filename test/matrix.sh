#!/bin/sh
# Builds the decoder and runs its regression and isolation tests on other
# versions of PostgreSQL, each from the Debian release that has it, in a chroot
# below build/matrix that is kept between runs.  Needs root.
set -eu
cd "$(dirname "$0")/.."

versions=${*:-13 15 17 18}
log=build/matrix

release_of() {
    case $1 in
        13) echo bullseye ;;
        15) echo bookworm ;;
        17) echo trixie ;;
        18) echo forky ;;
        *) echo "matrix.sh: no release is known for PostgreSQL $1" >&2 && exit 2 ;;
    esac
}

# The mirror that this machine installs from.
# shellcheck disable=SC2016 # the format is apt-get's
mirror() {
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
        grep -v security | head -n 1
}

# Makes a version's chroot, unless it is there.
make_chroot() {
    root=build/matrix/$1
    if [ -f "$root/.complete" ]; then
        return
    fi
    rm -rf "$root"
    mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
        --include="gcc,make,libc6-dev,postgresql-$1,postgresql-server-dev-$1" \
        "$(release_of "$1")" "$root" "$(mirror)" > "$log/$1.chroot.log" 2>&1 &&
        touch "$root/.complete"
}

# Builds and tests in a version's chroot.
run_tests() {
    root=build/matrix/$1
    rm -rf "$root/src"
    mkdir -p "$root/src/test"
    cp -r VERSION decoder sql "$root/src"
    cp -r test/sql test/expected test/specs test/*.sh test/setup test/regress.conf \
        "$root/src/test"
    chroot "$root" sh -euc "
        mount -t proc proc /proc 2> /dev/null || true
        trap 'umount /proc 2> /dev/null || true' EXIT
        export PG_CONFIG=/usr/lib/postgresql/$1/bin/pg_config
        cd /src
        make -C decoder clean > /dev/null
        make -C decoder PG_CONFIG=\$PG_CONFIG
        sh test/regress.sh regress
        sh test/stream.sh
        if [ -e \$(dirname \$(\$PG_CONFIG --pgxs))/../test/isolation ]; then
            sh test/regress.sh isolation
        else
            echo 'no isolation tests passed: this version ships no tester'
        fi"
}

mkdir -p "$log"
failed=
for version in $versions; do
    if ! make_chroot "$version"; then
        echo "PostgreSQL $version: the chroot could not be made: $log/$version.chroot.log"
        failed="$failed $version"
    elif ! run_tests "$version" > "$log/$version.log" 2>&1; then
        echo "PostgreSQL $version: FAILED: $log/$version.log"
        failed="$failed $version"
    else
        grep 'tests passed' "$log/$version.log" |
            sed "s/^ */PostgreSQL $version: /"
    fi
done
if [ -n "$failed" ]; then
    echo "failed:$failed"
    exit 1
fi
