#!/bin/sh
# Runs the tests that need a server on one with assertions: PG_CONFIG's major
# version, built from Debian's source in build/cassert, which is kept as long as
# this script stays as it is.  Each test fails if a server of it crashed, so an
# assertion that did not hold fails it.
#
#   cassert.sh [regress|isolation|stream|e2e]...
set -eu
cd "$(dirname "$0")/.."

kept=$PWD/build/cassert
major=$("${PG_CONFIG:-pg_config}" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
built=$kept/$major
recipe=$(cksum < test/cassert.sh)

# Says what is missing, or installs it.
need_tools() {
    missing=
    for command in bison flex perl; do
        command -v "$command" > /dev/null || missing="$missing $command"
    done
    pkg-config --exists libxml-2.0 || missing="$missing libxml2-dev"
    pkg-config --exists openssl || missing="$missing libssl-dev"
    if [ -z "$missing" ]; then
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        echo "cassert.sh: install:$missing" >&2
        exit 2
    fi
    apt-get update -qq
    # shellcheck disable=SC2086 # a list
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 $missing > /dev/null
}

# Downloads the source by a list of sources of its own: the machine's stays.
download() {
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mkdir -p "$kept/lists/partial" "$kept/source"
    test/setup/sources.sh "$codename" | sed 's/^deb/deb-src/' > "$kept/sources.list"
    set -- -qq -o "Dir::Etc::SourceList=$kept/sources.list" -o Dir::Etc::SourceParts=- \
        -o "Dir::State::Lists=$kept/lists" -o "Dir::Cache=$kept" \
        -o APT::Sandbox::User=root
    apt-get "$@" update
    cd "$kept/source"
    apt-get "$@" source --download-only --tar-only "postgresql-$major" > /dev/null
}

# Builds and installs the server.  PostgreSQL makes the headers that it generates in
# the make that is outermost only (src/Makefile.global, MAKELEVEL).
build() {
    unset MAKELEVEL MAKEFLAGS MFLAGS
    rm -rf "$kept/source" "$built"
    (download)
    mkdir "$kept/source/tree"
    tar -xf "$kept/source/postgresql-${major}_"*.orig.tar.* -C "$kept/source/tree" \
        --strip-components=1
    cd "$kept/source/tree"
    ./configure --quiet --prefix="$built" --enable-cassert --enable-debug \
        --with-libxml --with-openssl --without-readline --without-zlib --without-icu \
        CFLAGS="-O1 -g" > configure.log
    make -s -j "$(nproc)" > make.log 2>&1 || { tail make.log; exit 1; }
    make -s install > make.log 2>&1
    make -s -C src/test/isolation install > make.log 2>&1
    for module in citext hstore test_decoding; do
        make -s -C "contrib/$module" install > make.log 2>&1
    done
    echo "$recipe" > "$built/complete"
}

if [ "$(cat "$built/complete" 2> /dev/null)" != "$recipe" ]; then
    need_tools
    echo "building PostgreSQL $major with assertions"
    (build)
    rm -rf "$kept/source"
fi

# The server's user may not look into the checkout, and what is built there is
# for another server: both are used as copies.
copy=$(mktemp -d "${TMPDIR:-/tmp}/pg_outbox.XXXXXX")
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$copy"
cp -r "$built" "$copy/server"
mkdir -p "$copy/checkout/build"
tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C "$copy/checkout"
ln -s "$PWD/build/kafka" "$PWD/build/venv" "$PWD/build/jdbc" "$copy/checkout/build"

export PG_CONFIG="$copy/server/bin/pg_config"
"$copy/server/bin/postgres" --version
cd "$copy/checkout"
make -s clean
make -s all
status=0
[ $# -gt 0 ] || set -- regress isolation stream e2e
for kind; do
    make "check-$kind" || status=1
done
exit "$status"
