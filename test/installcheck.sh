#!/bin/sh
# Runs the regression and isolation tests against a server that runs already and
# has decoder and extension installed, as PGXS's installcheck does: libpq's
# environment (PGHOST, PGPORT, PGUSER) says which.  The database regression is
# dropped and created.  TESTS names the regression tests to run; all of both kinds without.
set -eu
cd "$(dirname "$0")/.."

pg_config=${PG_CONFIG:-pg_config}
pgxs=$(dirname "$(dirname "$(dirname "$("$pg_config" --pgxs)")")")
bindir=$("$pg_config" --bindir)
regress=$(test/tests.sh sql)
isolation=$(TESTS='' test/tests.sh specs)

ask() {
    "$bindir/psql" -X -A -t -d postgres -c "$1"
}

# Refuses a server on which the tests could not but fail.
need() {
    if [ "$(ask "SELECT $1")" != t ]; then
        echo "installcheck.sh: the server does not fit: $2" >&2
        exit 1
    fi
}

ask "SELECT" > /dev/null
need "current_setting('wal_level') = 'logical'" "wal_level must be logical"
need "current_setting('max_replication_slots')::int >= 20" \
    "max_replication_slots must be 20 or more"
need "current_setting('max_prepared_transactions')::int >= 10" \
    "max_prepared_transactions must be 10 or more"
need "EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_outbox')" \
    "the extension is not installed: make install PG_CONFIG=…"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/pg_outbox.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cp -r test/sql test/specs test/expected "$scratch"

# Runs one of the two testers with some tests.
run() {
    runner=$1
    shift
    (cd "$scratch" && "$runner" --inputdir="$scratch" --outputdir="$scratch" \
        --bindir="$bindir" --encoding=UTF8 --no-locale --dbname=regression "$@") || {
        cat "$scratch/regression.diffs"
        exit 1
    }
}

# shellcheck disable=SC2086 # a list
run "$pgxs/src/test/regress/pg_regress" setup $regress
if [ -n "${TESTS:-}" ]; then
    exit 0
elif [ -x "$pgxs/src/test/isolation/pg_isolation_regress" ]; then
    # shellcheck disable=SC2086
    run "$pgxs/src/test/isolation/pg_isolation_regress" $isolation
else
    echo "no isolation tests: this server ships no tester"
fi
