#!/bin/sh
# Runs the decoder in a walsender, with lines gathered: what commits arrives
# whole and in order, positions follow and never run ahead, nothing gathered is
# held back while the server waits, and the server stops at once.
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
    "$bindir/psql" -X -q -At -v ON_ERROR_STOP=1 -c "$1"
}

is_true() {
    [ "$(sql "SELECT $1")" = t ]
}

# Starts pg_recvlogical on a slot, with options of the decoder; its pid is in
# $receiver.
receive() {
    slot=$1
    shift
    "$bindir/pg_recvlogical" -d postgres -S "$slot" --start -f "$out" -F 1 -s 1 \
        --no-loop "$@" 2>> "$scratch/log" &
    receiver=$!
}

# Holds the decoder at the next table that it sees for the first time, by a lock
# on the catalog that it looks into, until release.
hold() {
    rm -f "$scratch/session"
    mkfifo "$scratch/session"
    "$bindir/psql" -X -q < "$scratch/session" &
    holder=$!
    exec 3> "$scratch/session"
    echo "BEGIN; LOCK TABLE pg_inherits IN ACCESS EXCLUSIVE MODE;" >&3
    wait_for is_true "EXISTS (SELECT FROM pg_locks WHERE relation = 'pg_inherits'::regclass
        AND mode = 'AccessExclusiveLock' AND granted)"
}

is_held() {
    is_true "EXISTS (SELECT FROM pg_locks WHERE relation = 'pg_inherits'::regclass AND NOT granted)"
}

release() {
    echo "COMMIT;" >&3
    exec 3>&-
    wait "$holder"
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

# An entry of option "tables" that stands for no table is refused.
receive stream -o coalesce=4096 -o tables=public.nope
if wait "$receiver"; then
    fail "a table that does not exist was accepted"
fi
grep -q 'table public.nope does not exist' "$scratch/log" || fail "its name is not logged"

# Rows are read as the table was when they were written, whatever was looked up
# at the start.
sql "CREATE TABLE changed (junk int, aggregate_type text, aggregate_id text, payload text)"
"$bindir/pg_recvlogical" -d postgres -S changes --create-slot -P pg_outbox
sql "INSERT INTO changed VALUES (1, 'T', 'k', 'before')"
sql "ALTER TABLE changed DROP junk; ALTER TABLE changed ADD more text"
sql "INSERT INTO changed VALUES ('T', 'k', 'after', 'm')"
sql "ALTER TABLE changed DROP payload; ALTER TABLE changed ADD payload bytea"
: > "$out"
receive changes -o headers= -o tables=public.changed
wait_for has commit 2
kill "$receiver"
wait "$receiver" 2> /dev/null || true
[ "$(sed -n 's/.*"payload":"\(.*\)"}$/\1/p' "$out" | tr '\n' ' ')" = "before after " ] ||
    fail "rows from before a table changed are not what they were: $(cat "$out")"
: > "$out"
wait_for is_true "NOT active FROM pg_replication_slots WHERE slot_name = 'changes'"
sql "SELECT pg_drop_replication_slot('changes')" > /dev/null

receive stream -o coalesce=4096 -o headers=

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

# WAL that holds no events is reported by positions.
positions=$(count position)
sql "INSERT INTO other SELECT generate_series(1, 10000)"
wait_for has position $((positions + 1))

# A position never passes an event that is not written yet.  The decoder is held
# until the last position is old enough for another; meanwhile there comes more
# WAL with an event in it.
commits=$(count commit)
sql "CREATE TABLE first_seen (n int)"
hold
sql "INSERT INTO first_seen VALUES (1)"
wait_for is_held
sql "INSERT INTO other SELECT generate_series(1, 1000);
     INSERT INTO outbox VALUES ('T', 4000, 'behind the position');
     INSERT INTO other SELECT generate_series(1, 1000)"
sleep 1.5
release
wait_for has commit $((commits + 1))
# As numbers of 16 digits, which sort as text.
sed -n 's/^{"\(commit\|position\)":"\([0-9A-F]*\)\/\([0-9A-F]*\)".*/\1 \2 \3/p' "$out" |
    awk '{
        position = sprintf("%8s%8s", $2, $3)
        gsub(" ", "0", position)
        if ($1 == "commit" && position <= last)
            exit 1
        if ($1 == "position")
            last = position
    }' || fail "a position passes an event that was written later"

# From 17 on the server lets a failover slot wait for standbys, whenever it reads
# WAL.  The decoder is held with an event that the standby has; when it goes on
# there is WAL that the standby lacks, but the event leaves.
if is_true "current_setting('server_version_num')::int >= 170000"; then
    sql "CREATE TABLE seen_later (n int)"
    sql "SELECT pg_create_physical_replication_slot('standby', true)" > /dev/null
    sql "SELECT pg_create_logical_replication_slot('failover', 'pg_outbox', failover => true)" > /dev/null
    sql "ALTER SYSTEM SET synchronized_standby_slots = 'standby'"
    sql "SELECT pg_reload_conf()" > /dev/null
    kill "$receiver"
    wait "$receiver" 2> /dev/null || true
    : > "$out"
    receive failover -o coalesce=65536 -o headers=
    wait_for is_true "active FROM pg_replication_slots WHERE slot_name = 'failover'"
    wait_for is_true "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'WaitForStandbyConfirmation')"
    hold
    sql "BEGIN;
         INSERT INTO seen_later VALUES (1);
         INSERT INTO outbox VALUES ('T', 5000, 'on the standby');
         COMMIT"
    sql "SELECT pg_replication_slot_advance('standby', pg_current_wal_flush_lsn())" > /dev/null
    wait_for is_held
    sql "INSERT INTO other SELECT generate_series(1, 1000)"
    release
    wait_for has commit 1
    sql "ALTER SYSTEM RESET synchronized_standby_slots"
    sql "SELECT pg_reload_conf()" > /dev/null
fi

# The server does not wait for the client.
$as_user "$bindir/pg_ctl" -D "$data" -m fast -t 30 stop > /dev/null ||
    fail "the server did not stop"
wait "$receiver" 2> /dev/null || true
check_crashes
echo "stream.sh: all tests passed"
