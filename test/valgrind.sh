#!/bin/sh
# Runs pg_regress on the decoder in a server below valgrind.  What it finds in
# the server itself is not ours; an error counts if the decoder is on its stack.
#
#   valgrind.sh [PART PARTS]
#
# A server below valgrind takes one core, so parts of the tests may run at a time:
# each PARTS-th test, from the PART-th on.
set -eu
cd "$(dirname "$0")/.."
. test/server.sh

data=$scratch/data
found=$scratch/found
tests=$(test/tests.sh sql)
tests=$(echo "$tests" | awk -v part="${1:-1}" -v parts="${2:-1}" 'NR % parts == part % parts')
export PGHOST="$scratch" PGPORT=54330 PGUSER=postgres

cp -r test/sql test/expected "$scratch"
mkdir "$found"
hand_over
$as_user "$bindir/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-locale \
    --no-sync > /dev/null
cat "$scratch/regress.conf" >> "$data/postgresql.conf"
(cd "$scratch" && exec $as_user valgrind --quiet --leak-check=no \
    --trace-children=yes --fullpath-after= \
    --log-file="$found/%p" "$bindir/postgres" -D "$data" \
    -k "$scratch" -p "$PGPORT" -c listen_addresses= > "$scratch/log" 2>&1) &
trap '$as_user "$bindir/pg_ctl" -D "$data" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$scratch"' EXIT
tries=0
until "$bindir/pg_isready" -q; do
    tries=$((tries + 1))
    if [ "$tries" -ge 600 ]; then
        cat "$scratch/log" >&2
        exit 1
    fi
    sleep 0.1
done

status=0
# shellcheck disable=SC2086 # a command and a list
(cd "$scratch" && $as_user "$pgxs/src/test/regress/pg_regress" \
    --inputdir="$scratch" --outputdir="$scratch" --bindir="$bindir" \
    --host="$scratch" --port="$PGPORT" --user=postgres --encoding=UTF8 \
    --no-locale --dbname=regression setup $tests) || status=$?
if [ "$status" -ne 0 ]; then
    cat "$scratch/regression.diffs" "$scratch/log"
fi
$as_user "$bindir/pg_ctl" -D "$data" -m fast -t 300 stop > /dev/null
# A report is a paragraph.  Where its memory came from does not count: the server
# hands memory contexts down from one use to the next (aset.c, context_freelists).
ours=$(cat "$found"/* | sed 's/^==[0-9]*== *$//' | awk -v RS= '{
    stack = $0
    sub(/==[0-9]+==  Address 0x.*/, "", stack)
    if (stack ~ /\/decoder\/[a-z0-9_]*\.c:/)
        print
}')
if [ -n "$ours" ]; then
    echo "$ours"
    echo "valgrind.sh: valgrind found errors in the decoder" >&2
    exit 1
fi
check_crashes || status=1
exit "$status"
