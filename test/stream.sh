#!/bin/sh
# Runs the decoder in a walsender, with lines gathered: what commits arrives
# whole and in order, positions follow, and the server stops at once.
set -eu
cd "$(dirname "$0")/.."
. test/server.sh

out=$scratch/lines
data=$scratch/data
export PGHOST="$scratch" PGUSER=postgres PGDATABASE=postgres PGPORT=54329

fail() {
    echo "stream.sh: $1" >&2
    cat "$scratch/log" >&2
    exit 1
}

# Waits until a command succeeds.
wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "timed out: $*"
        sleep 0.1
    done
}

sql() {
    "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -c "$1"
}

# How many lines of a kind have come.
count() {
    grep -c "^{\"$1\"" "$out" || true
}

has() {
    [ "$(count "$1")" -ge "$2" ]
}

hand_over
$as_user "$bindir/initdb" -D "$data" -U postgres -A trust --no-sync > /dev/null
cat "$scratch/regress.conf" >> "$data/postgresql.conf"
$as_user "$bindir/pg_ctl" -D "$data" -l "$scratch/log" -w start \
    -o "-k $scratch -p $PGPORT -c listen_addresses=" > /dev/null
# Without its server the receiver ends, too.
trap '$as_user "$bindir/pg_ctl" -D "$data" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$scratch"' EXIT

sql "CREATE TABLE outbox (aggregate_type text, aggregate_id int, payload text)"
sql "CREATE TABLE other (n int)"
"$bindir/pg_recvlogical" -d postgres -S stream --create-slot -P pg_outbox
"$bindir/pg_recvlogical" -d postgres -S stream --start -f "$out" -F 1 -s 1 --no-loop \
    -o coalesce=4096 -o headers= 2>> "$scratch/log" &
receiver=$!

# A single event does not wait for others.
sql "INSERT INTO outbox VALUES ('T', 0, 'p')"
wait_for has commit 1

# Many small transactions, some of them rolled back; a large one, which is cut;
# an event larger than the buffer; other tables in between.
sql "DO \$\$ BEGIN
         FOR n IN 1 .. 2000 LOOP
             INSERT INTO outbox VALUES ('T', n, repeat('x', n % 100));
             INSERT INTO other VALUES (n);
             IF n % 10 = 0 THEN ROLLBACK; ELSE COMMIT; END IF;
         END LOOP;
     END \$\$"
sql "INSERT INTO outbox SELECT 'T', n, 'p' FROM generate_series(2001, 3000) n"
sql "INSERT INTO outbox VALUES ('T', 3001, repeat('y', 500000))"
wait_for has commit 1803
sed -n 's/^{"topic":"T.events","key":"\([0-9]*\)".*/\1/p' "$out" > "$scratch/got"
seq 0 3001 | awk '$1 > 2000 || $1 == 0 || $1 % 10 != 0' > "$scratch/wanted"
cmp "$scratch/got" "$scratch/wanted" || fail "events are missing or out of order"
[ "$(count error)" -eq 0 ] || fail "there are error lines"

# WAL that holds no events is told by positions.
positions=$(count position)
sql "INSERT INTO other SELECT generate_series(1, 10000)"
wait_for has position $((positions + 1))

# The server does not wait for the client.
$as_user "$bindir/pg_ctl" -D "$data" -m fast -t 30 stop > /dev/null ||
    fail "the server did not stop"
wait "$receiver" 2> /dev/null || true
check_crashes
echo "stream.sh: all tests passed"
