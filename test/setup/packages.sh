#!/bin/sh
# Installs the Debian or Ubuntu packages that build, demo and tests need, as
# far as they are missing, and others that are named.
#
#   packages.sh [PACKAGE]...
set -eu

# What is installed by its package's name; java and maven by their commands,
# since they may come from elsewhere.
packages="build-essential pkg-config libpq-dev librdkafka-dev libjson-c-dev
    libinih-dev libmicrohttpd-dev libxxhash-dev libyaml-dev libcmocka-dev kcat python3 python3-venv
    clang shellcheck procps valgrind openssl prometheus chromium chromium-driver
    systemd man-db $*"

# The newest PostgreSQL that is installed with its server headers, or the
# distribution's own.
postgresql_packages() {
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' \
        'postgresql-server-dev-[0-9]*' 2> /dev/null |
        sed -n 's/^ii *postgresql-server-dev-//p' | sort -n | tail -n 1)
    if [ -z "$installed" ]; then
        installed=$(apt-cache depends postgresql 2> /dev/null |
            sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
    fi
    installed=${installed:-15}
    echo "postgresql-$installed postgresql-server-dev-$installed" \
        "postgresql-$installed-wal2json"
}

# Whether clang has its runtime, which Debian's package only recommends.
can_fuzz() {
    echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return n < 0 && *d; }' |
        clang -x c -fsanitize=fuzzer,address,undefined -o /dev/null - 2> /dev/null
}

# The package of the runtime; clang itself where it has none of its own, or apt
# does not know it yet.
clang_packages() {
    if can_fuzz; then
        return
    fi
    runtime=$(apt-cache depends clang 2> /dev/null |
        sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1)
    if [ -n "$runtime" ] && apt-cache show "$runtime" > /dev/null 2>&1; then
        echo "$runtime"
    else
        echo clang
    fi
}

is_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2> /dev/null |
        grep -qx installed
}

# The names of those that are not installed.
missing() {
    for package in $packages; do
        is_installed "$package" || echo "$package"
    done
    clang_packages
    # Together, so that they are of one version.
    for package in $(postgresql_packages); do
        if ! is_installed "$package"; then
            postgresql_packages
            break
        fi
    done
    java_major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
    if [ "${java_major:-0}" -lt 17 ] || ! command -v javac > /dev/null; then
        echo default-jdk-headless
    fi
    if ! command -v mvn > /dev/null; then
        echo maven
    fi
}

# Says what is not there, where apt cannot be used.
complain() {
    echo "packages.sh: there is no apt-get here; install by other means:" >&2
    for command in cc make pkg-config pg_config psql java javac mvn python3 kcat \
        clang shellcheck valgrind; do
        command -v "$command" > /dev/null || echo "  command $command" >&2
    done
    for library in libpq rdkafka json-c inih libmicrohttpd libxxhash yaml-0.1 cmocka; do
        pkg-config --exists "$library" 2> /dev/null ||
            echo "  library $library with its headers" >&2
    done
    can_fuzz || echo "  clang's compiler-rt, with libFuzzer" >&2
    exit 1
}

all_found() {
    for command in cc make pkg-config pg_config java javac mvn python3 kcat clang \
        shellcheck; do
        command -v "$command" > /dev/null || return 1
    done
    pkg-config --exists libpq rdkafka json-c inih libmicrohttpd libxxhash yaml-0.1 cmocka \
        2> /dev/null &&
        can_fuzz
}

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
    all_found || complain
    exit 0
fi

wanted=$(missing | sort -u)
if [ -z "$wanted" ]; then
    exit 0
fi

root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null; then
        echo "packages.sh: neither root nor sudo; install: $(echo "$wanted" | tr '\n' ' ')" >&2
        exit 1
    fi
    root=sudo
fi
$root apt-get update -qq
# apt-cache may only now know the distribution's PostgreSQL.
wanted=$(missing | sort -u | tr '\n' ' ')
echo "installing: $wanted"

# A PostgreSQL that comes for the tests shall not start a cluster of its own.
if [ ! -e /etc/postgresql-common ]; then
    $root mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" |
        $root tee /etc/postgresql-common/createcluster.conf > /dev/null
fi
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold $wanted > /dev/null
