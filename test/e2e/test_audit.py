"""The command "audit": what is told of rows and records, by name."""

import json
import os
import pty
import re
import subprocess
import time
import uuid
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation
from conftest import Outbox
from harness.kafka import Kafka
from harness.relay import BINARY
from harness.wait import wait_until

STATUS_OFTEN = ("-X", "relay.status_interval=100ms")


def run_audit(outbox: Outbox, *arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [
            str(BINARY), "audit", "-d", outbox.conninfo, "-b", outbox.kafka.brokers,
            "--slot", outbox.slot, *arguments,
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        **options,
    )  # fmt: skip


def audit(outbox: Outbox, *arguments: str) -> dict:
    """What it found; the exit status has to fit."""
    done = run_audit(outbox, "--json", *arguments)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    bad = found["rows"]["missing"] + found["rows"]["with_a_shared_id"]
    assert done.returncode == (3 if bad else 0)
    rows = dict(found["rows"])
    del rows["no_events"]
    assert rows.pop("all") == sum(rows.values()), "each row is in one class"
    assert len(found["missing_rows"]) == found["rows"]["missing"]
    return found


def counts(found: dict, what: str = "rows") -> dict[str, int]:
    """The counts that are not 0."""
    return {name: n for name, n in found[what].items() if n}


def refusal(outbox: Outbox, *arguments: str, status: int = 2) -> str:
    """The message with which it ends."""
    done = run_audit(outbox, *arguments)
    assert (done.returncode, done.stdout) == (status, ""), done
    assert done.stderr.startswith("pg_outbox: ") and done.stderr.count("\n") == 1
    return done.stderr.removeprefix("pg_outbox: ").rstrip("\n")


def ids(outbox: Outbox, condition: str = "true", table: str = "outbox") -> list[str]:
    rows = outbox.db.execute(f"SELECT id::text FROM {table} WHERE {condition} ORDER BY created_at")
    return [id for (id,) in rows]


def test_all_is_there(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.streaming_relay()
    outbox.add_many(300, keys=7)
    outbox.wait_published(300)
    found = audit(outbox)
    assert counts(found) == {"all": 300, "there_once": 300}
    assert counts(found, "records") == {"all": 300}
    assert found["topics"] == [outbox.topic]
    assert found["tables"] == ["public.outbox"]
    assert found["notes"] == []
    text = run_audit(outbox).stdout.splitlines()
    assert text[0] == "public.outbox and 1 topic"
    assert [line.split() for line in text[1:8]] == [
        ["rows", "300"], ["there", "once", "300"], ["repeated", "0"], ["dead", "letters", "0"],
        ["pending", "0"], ["no", "longer", "kept", "0"], ["missing", "0"],
    ]  # fmt: skip


def repeat_by_kill(outbox: Outbox) -> int:
    """Kills a relay whose events Kafka gets and nobody confirms, until some came twice;
    returns how many rows there are."""
    rows = 0
    for _ in range(20):
        relay = outbox.streaming_relay()
        outbox.add("repeated", "0")
        outbox.wait_all_confirmed()
        with outbox.kafka.frozen():
            for n in range(50):
                outbox.add("repeated", str(n))
            outbox.wait_read()
            relay.kill()
        rows += 51
        relay = outbox.streaming_relay()
        outbox.wait_all_confirmed()
        relay.terminate()
        if outbox.kafka.count(outbox.topic) > rows:
            return rows
    raise AssertionError("nothing came twice")


def test_each_by_its_name(outbox: Outbox) -> None:
    """A deleted record, a skipped event, one repeated by kill -9, a dead letter, a tombstone, a
    row that was deleted, and rows that the relay has yet to publish."""
    outbox.kafka.create_topic(outbox.topic, 3)
    outbox.db.execute("ALTER TABLE outbox ALTER payload DROP NOT NULL")
    outbox.create_slot()
    rows = repeat_by_kill(outbox)
    records = outbox.kafka.count(outbox.topic)
    dead_letters = f"dead.{outbox.dbname}.{uuid.uuid4().hex[:8]}"

    # In one partition the oldest two records go; the other partitions keep all.
    relay = outbox.streaming_relay()
    deleted = next(n for n in range(100) if place(outbox, f"k{n}") != place(outbox, "repeated"))
    other = next(
        n for n in range(100)
        if place(outbox, f"k{n}") not in (place(outbox, f"k{deleted}"), place(outbox, "repeated"))
    )  # fmt: skip
    for n in range(3):
        outbox.add(f"k{deleted}", str(n))
        outbox.wait_published(records + n + 1)
    outbox.kafka.delete_records(outbox.topic, place(outbox, f"k{deleted}"), 2)
    gone = ids(outbox, f"aggregate_id = 'k{deleted}'")[:2]
    relay.terminate()

    # An event that no topic can have is skipped, and one goes to the dead letters.
    outbox.db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES ('no topic', 'k', 'e', '{}')"
    )
    [skipped] = ids(outbox, "aggregate_type = 'no topic'")
    relay = outbox.streaming_relay("-X", "relay.on_error=skip")
    outbox.wait_all_confirmed()
    relay.terminate()
    outbox.add(f"k{other}", "0")
    [lost] = ids(outbox, f"aggregate_id = 'k{other}'")
    outbox.db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES ('no topic', 'dead', 'e', '{}')"
    )
    relay = outbox.streaming_relay(
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={dead_letters}",
        "--skip", first_position(outbox),
    )  # fmt: skip
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0

    outbox.streaming_relay(*STATUS_OFTEN)
    outbox.db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type) VALUES (%s, 'repeated', 'e')",
        (outbox.aggregate_type,),
    )
    outbox.add("repeated", "\"to be deleted\"")
    outbox.db.execute("DELETE FROM outbox WHERE payload = '\"to be deleted\"'")
    outbox.wait_all_confirmed()
    dead = ("-X", f"relay.dead_letter_topic={dead_letters}")
    found = audit(outbox, *dead)
    repeated = found["rows"]["repeated"]
    assert repeated >= 1
    assert counts(found) == {
        "all": rows + 7,
        "there_once": rows - repeated + 2,
        "repeated": repeated,
        "no_longer_kept": 2,
        "dead_letters": 1,
        "missing": 2,
    }
    assert counts(found, "records") == {
        "all": records + 3, "repetitions": records - rows, "tombstones": 1, "dead_letters": 1,
        "in_no_row": 1,
    }  # fmt: skip
    missing = {row["id"]: row["topic"] for row in found["missing_rows"]}
    assert missing == {skipped: "no topic.events", lost: outbox.topic}
    assert not set(missing) & set(gone)

    # What the slot has not confirmed is not missing yet.
    outbox.relays[-1].kill()
    outbox.add("k", "0")
    found = audit(outbox, *dead)
    assert found["rows"]["pending"] == 3  # that is all that was not found
    assert found["rows"]["missing"] == 0
    assert found["rows"]["no_longer_kept"] == 2
    assert any("which of those that are pending is missing" in note for note in found["notes"])


def place(outbox: Outbox, key: str) -> int:
    """The partition, of three, of a key: what the relay's partitioner says."""
    data = key.encode()
    m, h = 0x5BD1E995, (0x9747B28C ^ len(data)) & 0xFFFFFFFF
    for at in range(0, len(data) - len(data) % 4, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & 0xFFFFFFFF
        k = (k ^ k >> 24) * m & 0xFFFFFFFF
        h = (h * m & 0xFFFFFFFF) ^ k
    rest = data[len(data) - len(data) % 4 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & 0xFFFFFFFF
    h = (h ^ h >> 13) * m & 0xFFFFFFFF
    return ((h ^ h >> 15) & 0x7FFFFFFF) % 3


def first_position(outbox: Outbox) -> str:
    """The position of the first event that the slot has."""
    name = f"peek_{outbox.slot}"
    outbox.db.execute("SELECT pg_copy_logical_replication_slot(%s, %s, true)", (outbox.slot, name))
    [line] = outbox.db.execute(
        "SELECT data FROM pg_logical_slot_peek_changes(%s, NULL, 1)", (name,)
    ).fetchone()
    event = json.loads(line)
    return f"{event['lsn']}/{event['seq']}"


def test_all_tables_and_their_options(outbox: Outbox) -> None:
    """Patterns, partitions, children with options of their own, other columns, headers and
    conditions; ids of several types."""
    db = outbox.db
    columns = "aggregate_type text, aggregate_id text, event_type text, payload text, created_at"
    for n in (1, 2):
        db.execute(f"CREATE SCHEMA tenant_{n}")
        db.execute(f"CREATE TABLE tenant_{n}.outbox (id bigint, {columns} timestamptz DEFAULT now())")
    db.execute(
        f"CREATE TABLE days (id text, {columns} timestamp NOT NULL DEFAULT now())"
        " PARTITION BY RANGE (created_at)"
    )
    db.execute("CREATE TABLE days_old PARTITION OF days FOR VALUES FROM (MINVALUE) TO ('2026-01-01')")
    db.execute("CREATE TABLE days_new PARTITION OF days FOR VALUES FROM ('2026-01-01') TO (MAXVALUE)")
    db.execute("CREATE TABLE special () INHERITS (outbox)")
    db.execute(
        'CREATE TABLE "Odd ""One""" ("event id" bytea, kind text, "Who" int, body bytea, is_test bool)'
    )
    outbox.create_slot()
    tables = (
        f"tenant_*.outbox(headers='event_type, \"id\":ce_id', topic={outbox.aggregate_type}.$schema),"
        "public.special(where='aggregate_id IN (''a'', ''b'') AND NOT (event_type = ''no'')'),"
        "public.outbox, public.days,"
        'public."Odd ""One"""(id="event id", headers="event id":nr, key="Who", payload=body,'
        f" topic='{outbox.topic}', where=is_test IS NULL OR NOT is_test)"
    )
    relay = outbox.streaming_relay("-X", f"outbox.tables={tables}")
    for n in (1, 2):
        db.execute(
            f"INSERT INTO tenant_{n}.outbox SELECT {n}000 + n, 'T', 'k' || n, 'e', '{{}}'"
            " FROM generate_series(1, 10) n"
        )
    for day in ("2025-12-31", "2026-11-25"):
        db.execute(
            f"INSERT INTO days SELECT '{day} ' || n, %s, 'k' || n, 'e', '{{}}', %s"
            " FROM generate_series(1, 10) n",
            (outbox.aggregate_type, day),
        )
    for key, kind in (("a", "e"), ("b", "no"), ("c", "e")):
        db.execute(
            "INSERT INTO special (id, aggregate_type, aggregate_id, event_type, payload)"
            " VALUES (gen_random_uuid(), %s, %s, %s, '{}')",
            (outbox.aggregate_type, key, kind),
        )
    outbox.add("plain")
    db.execute(
        'INSERT INTO "Odd ""One""" SELECT sha512(n::text::bytea), \'T\', n, \'x\','
        " CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN false ELSE true END FROM generate_series(1, 9) n"
    )
    outbox.wait_all_confirmed()
    found = audit(outbox, "-X", f"outbox.tables={tables}")
    assert counts(found) == {"all": 48, "there_once": 48, "no_events": 5}
    assert counts(found, "records") == {"all": 48}
    assert found["tables"] == [
        "tenant_1.outbox", "tenant_2.outbox", "public.special", "public.outbox", "public.days",
        'public."Odd ""One"""',
    ]  # fmt: skip
    assert found["topics"] == sorted(
        [f"{outbox.aggregate_type}.tenant_{n}" for n in (1, 2)] + [outbox.topic]
    )
    # A row of each that the relay does not see.
    relay.kill()
    db.execute("INSERT INTO tenant_2.outbox VALUES (2099, 'T', 'k', 'e', '{}')")
    db.execute("INSERT INTO days VALUES ('lost', %s, 'k', 'e', '{}')", (outbox.aggregate_type,))
    db.execute("INSERT INTO \"Odd \"\"One\"\"\" VALUES ('\\x00ff', 'T', 1, 'x')")
    assert counts(audit(outbox, "-X", f"outbox.tables={tables}"))["pending"] == 3
    lose(outbox, "-X", f"outbox.tables={tables}")
    found = audit(outbox, "-X", f"outbox.tables={tables}")
    assert {(row["id"], row["table"]) for row in found["missing_rows"]} == {
        ("2099", "tenant_2.outbox"), ("lost", "public.days"), ("AP8=", 'public."Odd ""One"""'),
    }  # fmt: skip


def lose(outbox: Outbox, *arguments: str) -> None:
    """Loses what the slot still has; a relay goes on behind it."""
    if outbox.relays:
        outbox.relays[-1].kill()
    wait_until(lambda: not outbox.slot_row("active"), "the slot is free")
    outbox.db.execute(
        "SELECT pg_replication_slot_advance(%s, pg_current_wal_insert_lsn())", (outbox.slot,)
    )
    outbox.streaming_relay(*arguments)


def test_a_window(outbox: Outbox) -> None:
    """Only rows of that time, by time columns of each type; records before are not read."""
    outbox.create_slot()
    db = outbox.db
    for type in ("timestamptz", "timestamp", "date", "bigint"):
        db.execute(
            f"CREATE TABLE t_{type} (id text, aggregate_type text, aggregate_id text, payload text,"
            f" event_type text, occurred_at {type})"
        )
        value = "timestamptz '2026-11-01' + n * interval '1 day'"
        if type == "bigint":
            value = f"extract(epoch FROM {value}) * 1000"
        db.execute(
            f"INSERT INTO t_{type} SELECT '{type}' || n, %s, 'k', '{{}}', 'e', {value}"
            " FROM generate_series(0, 9) n",
            (outbox.aggregate_type,),
        )
    outbox.streaming_relay("-X", "outbox.tables=public.t_*")
    outbox.wait_all_confirmed()
    tables = ("-X", "outbox.tables=public.t_*")
    found = audit(outbox, *tables, "--since", "2026-11-03", "--until", "2026-11-05")
    assert counts(found) == {"all": 8, "there_once": 8}
    assert "in_no_row" not in found["records"]
    assert counts(audit(outbox, *tables, "--until", "2026-11-03"))["all"] == 8
    assert counts(audit(outbox, *tables, "--since", "2026-11-03"))["all"] == 32
    # Without --since all records are read, with it those from then on.
    assert audit(outbox, *tables)["records"]["all"] == 40
    late = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime(time.time() + 7200))
    assert audit(outbox, *tables, "--since", late)["records"]["all"] == 0


def test_shards(outbox: Outbox) -> None:
    """Each shard with its own slot; of an outbox by base64 keys, too."""
    slots = [outbox.slot, f"{outbox.slot}_1"]
    outbox.db.execute("ALTER TABLE outbox ALTER aggregate_id DROP NOT NULL")
    for shard, slot in enumerate(slots):
        outbox.slot = slot
        outbox.create_slot()
        outbox.streaming_relay("-X", f"outbox.shard={shard}/2")
    outbox.add_many(100, keys=20)
    outbox.add(None)
    outbox.wait_published(101)
    sums = [0, 0]
    for shard, slot in enumerate(slots):
        outbox.slot = slot
        outbox.wait_all_confirmed()
        found = audit(outbox, "-X", f"outbox.shard={shard}/2")
        rows, records = counts(found), counts(found, "records")
        assert rows["all"] == rows["there_once"] == records["all"]
        sums = [sums[0] + rows["all"], sums[1] + records["all"]]
    assert sums == [101, 101]


def test_topics_that_do_not_exist_and_others(outbox: Outbox) -> None:
    """Rows of a topic that is not there are missing, and a note names it; events that went to
    another topic are found there."""
    outbox.create_slot()
    outbox.add_many(5)
    other = f"other.{outbox.aggregate_type}"
    lose(outbox, "-X", "outbox.topic=other.${aggregate_type}")
    found = audit(outbox)
    assert counts(found) == {"all": 5, "missing": 5}
    assert found["notes"] == [f'topic "{outbox.topic}" does not exist']
    assert found["topics"] == []
    outbox.add_many(3)
    outbox.wait_all_confirmed()
    assert counts(audit(outbox))["missing"] == 8
    found = audit(outbox, "--topics", f"x|other[.]{outbox.aggregate_type}")
    assert counts(found) == {"all": 8, "there_once": 3, "missing": 5}
    assert found["topics"] == [other]
    assert refusal(outbox, "--topics", "other") == 'no topic matches --topics "other"'
    assert refusal(outbox, "--topics", "a(").startswith('--topics: "a(" is no regular expression')
    # The Event Router's topics: those of its default, and others by name.
    assert counts(audit(outbox, "-X", "outbox.route_replacement=other.$1", "-X", "outbox.route_regex=(.*)"))["there_once"] == 3
    regex = ("-X", "outbox.route_regex=(.*)-x")
    assert "name them with --topics REGEX" in refusal(outbox, *regex)
    assert counts(audit(outbox, *regex, "--topics", other.replace(".", "[.]")))["there_once"] == 3


def test_clocks_that_differ(outbox: Outbox) -> None:
    """Records that are dated before their rows, by a column or by a broker, shift what counts as
    no longer kept."""
    outbox.kafka.create_topic(outbox.topic, 1)
    outbox.create_slot()
    # The application's clock is an hour ahead.
    outbox.db.execute("ALTER TABLE outbox ALTER created_at SET DEFAULT now() + interval '1 hour'")
    outbox.streaming_relay()
    for n in range(4):
        outbox.add("k", str(n))
        outbox.wait_published(n + 1)
    outbox.kafka.delete_records(outbox.topic, 0, 2)
    outbox.wait_all_confirmed()
    found = audit(outbox)
    assert counts(found) == {"all": 4, "there_once": 2, "no_longer_kept": 2}
    [note] = found["notes"]
    assert re.match(r"the times of records are up to (3599|3600) s before those of their rows", note)
    # Two hours behind.
    outbox.db.execute("UPDATE outbox SET created_at = created_at - interval '3 hours'")
    found = audit(outbox)
    assert counts(found) == {"all": 4, "there_once": 2, "no_longer_kept": 2}
    assert "at least 7" in found["notes"][0]
    # What was written behind the oldest record is missing in spite of it.
    outbox.relays[-1].kill()
    outbox.db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, created_at)"
        " VALUES (%s, 'k', 'e', '4', now() - interval '1 hour 59 minutes')",
        (outbox.aggregate_type,),
    )
    lose(outbox)
    assert counts(audit(outbox))["missing"] == 1


def test_partitions_that_were_added(outbox: Outbox) -> None:
    """Keys are not where they were: a row may have been in any partition."""
    outbox.kafka.create_topic(outbox.topic, 1)
    outbox.create_slot()
    outbox.streaming_relay()
    outbox.add_many(20, keys=10)
    outbox.wait_published(20)
    outbox.kafka.add_partitions(outbox.topic, 3)
    outbox.kafka.delete_records(outbox.topic, 0, 15)
    outbox.wait_all_confirmed()
    assert counts(audit(outbox)) == {"all": 20, "there_once": 5, "no_longer_kept": 15}
    # A compacted topic is one that forgets, too.
    outbox.db.execute("TRUNCATE outbox")
    outbox.add("k", "0")
    outbox.wait_all_confirmed()
    outbox.relays[-1].terminate()
    outbox.add("k", "1")
    lose(outbox)
    assert counts(audit(outbox)) == {"all": 2, "there_once": 1, "missing": 1}
    outbox.kafka.set_topic(outbox.topic, "cleanup.policy", "compact")
    found = audit(outbox)
    assert counts(found) == {"all": 2, "there_once": 1, "no_longer_kept": 1}
    assert "is compacted" in found["notes"][0]


def test_ids_that_are_not_unique(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.db.execute("ALTER TABLE outbox DROP CONSTRAINT outbox_pkey")
    outbox.db.execute("ALTER TABLE outbox ALTER id DROP NOT NULL")
    outbox.streaming_relay()
    for id in ("00000000-0000-0000-0000-000000000001",) * 3 + (None,):
        outbox.db.execute(
            "INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)"
            " VALUES (%s, %s, 'k', 'e', '{}')",
            (id, outbox.aggregate_type),
        )
    outbox.wait_all_confirmed()
    found = audit(outbox)
    assert counts(found) == {"all": 4, "repeated": 1, "with_a_shared_id": 2, "without_an_id": 1}
    assert found["records"]["without_the_header"] == 1
    assert found["notes"][0].startswith("2 rows have the id of another row")


def test_replayed_and_exactly_once(outbox: Outbox) -> None:
    """A replay is named; of a Kafka transaction that was aborted nothing is seen."""
    outbox.create_slot()
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    relay = outbox.streaming_relay("-X", "relay.delivery=exactly-once")
    outbox.add_many(50, keys=3)
    outbox.wait_all_confirmed()
    outbox.db.execute("CALL outbox.replay('outbox')")
    outbox.wait_all_confirmed()
    producer = Producer(
        {"bootstrap.servers": outbox.kafka.brokers, "transactional.id": outbox.slot + "x"}
    )
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(outbox.topic, b"v", b"k", headers={"id": "x"})
    producer.flush()
    producer.abort_transaction()
    found = audit(outbox)
    assert counts(found) == {"all": 50, "repeated": 50}
    assert counts(found, "records") == {"all": 100, "repetitions": 50, "replayed": 50}
    assert relay.terminate() == 0


def test_waits_for_the_relay(outbox: Outbox) -> None:
    """A relay that is on its way is waited for; where nothing happens its slot is pushed."""
    outbox.create_slot()
    outbox.streaming_relay()
    outbox.add_many(2000)
    assert counts(audit(outbox)) == {"all": 2000, "there_once": 2000}
    outbox.db.execute("SELECT txid_current()")
    assert audit(outbox)["notes"] == []


def test_refuses(outbox: Outbox, strict_kafka: Kafka) -> None:
    """What cannot be compared, with what to do."""
    db = outbox.db
    assert refusal(outbox, status=4).startswith(f'slot "{outbox.slot}" does not exist')
    outbox.create_slot()

    def of(*settings: str) -> str:
        return refusal(outbox, *(a for s in settings for a in ("-X", f"outbox.{s}")))

    assert "there are no rows to compare Kafka with" in of("tables=")
    assert of("tables=public.outbx") == (
        f'option "tables": public.outbx stands for no table in database "{outbox.dbname}"'
    )
    assert of("tables=outbox") == 'option "tables": cannot be read at ""'
    assert of("headers=event_type") == (
        'option "headers" names no header with the id, by which audit knows an event: add id'
    )
    db.execute("CREATE TABLE no_id (aggregate_type text, aggregate_id text, payload text)")
    assert of("tables=public.no_id") == (
        'table public.no_id has no column id, which option "id" needs'
    )
    assert of("id=created_at", "headers=created_at").endswith(
        "has type timestamp: audit compares no times"
    )
    assert of("topic=${created_at}").endswith("has type timestamp: audit compares no times")
    assert of("topic=${nope}").endswith('has no column nope, which option "topic" needs')
    assert of("where=id = 'x'; --") == 'option "where": cannot be read at "; --"'
    assert refusal(outbox, "--since", "2026-11-02", "--until", "2026-11-01") == (
        "--since 2026-11-02 is not before --until 2026-11-01"
    )
    assert refusal(outbox, "--since", "noon?").startswith('option "--since": "noon?" is no time')
    db.execute("ALTER TABLE no_id ADD id int")
    assert refusal(outbox, "-X", "outbox.tables=public.no_id", "--since", "now").startswith(
        "table public.no_id has no column that is known to say when a row was written: name it"
    )
    assert "has type jsonb, which is no time" in refusal(
        outbox, "-X", "maintenance.time_column=payload"
    )
    # Records that have no such header.
    outbox.streaming_relay("-X", "outbox.headers=event_type:eventType")
    outbox.add()
    outbox.wait_all_confirmed()
    assert refusal(outbox) == (
        'none of 1 records has the header "id", by which audit knows an event: option "headers"'
        " was another one when they were published"
    )
    # Rights.
    db.execute("CREATE ROLE auditor LOGIN")
    try:
        conninfo = outbox.postgres.conninfo(outbox.dbname, "auditor")
        assert "permission denied for table outbox" in refusal(outbox, "-d", conninfo, status=4)
        db.execute("GRANT SELECT ON outbox TO auditor")
        db.execute("ALTER TABLE outbox ENABLE ROW LEVEL SECURITY")
        assert "row-level security" in refusal(outbox, "-d", conninfo, status=4)
    finally:
        db.execute("DROP OWNED BY auditor")
        db.execute("DROP ROLE auditor")
        db.execute("ALTER TABLE outbox DISABLE ROW LEVEL SECURITY")
    strict_kafka.create_topic(outbox.topic)
    with strict_kafka.denied(outbox.topic, AclOperation.READ):
        assert refusal(outbox, "-b", strict_kafka.brokers, status=4).endswith(
            "allow the principal READ and DESCRIBE on it"
        )
    status = run_audit(outbox, "-b", "127.0.0.1:1")
    assert (status.returncode, status.stdout) == (1, "")


def test_another_role_with_the_relays_configuration(own_outbox: Outbox, tmp_path: Path) -> None:
    """By the ways of docs/audit.md, and by no other."""
    outbox, db = own_outbox, own_outbox.db
    outbox.create_slot()
    outbox.streaming_relay()
    outbox.add()
    outbox.wait_all_confirmed()
    db.execute("CREATE ROLE relay LOGIN REPLICATION PASSWORD 'relays'")
    db.execute("CREATE ROLE auditor LOGIN PASSWORD 'auditors'")
    db.execute("GRANT SELECT ON outbox TO auditor")
    hba = outbox.postgres.data / "pg_hba.conf"
    hba.write_text("host all relay,auditor all scram-sha-256\n" + hba.read_text())
    db.execute("SELECT pg_reload_conf()")
    (tmp_path / "relays").write_text("relays\n")
    (tmp_path / "auditors").write_text("auditors\n")
    config = tmp_path / "pg_outbox.conf"
    config.write_text(
        f"[postgres]\n{outbox.postgres.conninfo(outbox.dbname, 'relay')}\n".replace(" ", "\n")
        + f"password_file = {tmp_path}/relays\n"
        f"[kafka]\nbootstrap.servers = {outbox.kafka.brokers}\n[relay]\nslot = {outbox.slot}\n"
    )

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(BINARY), "audit", "-c", str(config), *arguments], capture_output=True,
            text=True, timeout=120, env={**os.environ, **environment}, check=False,
        )
        return done.returncode, done.stderr

    environment = {"PGUSER": "auditor", "PGPASSWORD": "auditors"}
    status, errors = run(**environment)
    assert status == 4 and "permission denied for table outbox" in errors
    status, errors = run("-d", "user=auditor", **environment)
    assert status != 0 and 'password authentication failed for user "auditor"' in errors
    assert run("-d", "user=auditor password=auditors") == (0, "")
    file = f"postgres.password_file={tmp_path}/auditors"
    assert run("-X", "postgres.user=auditor", "-X", file) == (0, "")


def test_memory_grows_by_16_bytes_a_row(outbox: Outbox) -> None:
    """And by nothing else: not by records, nor by how long ids are."""
    outbox.create_slot()
    outbox.db.execute("ALTER TABLE outbox ALTER id TYPE text USING id || repeat('x', 100)")
    outbox.db.execute("ALTER TABLE outbox ALTER id SET DEFAULT gen_random_uuid() || repeat('x', 100)")
    peaks = []
    for count in (1_000, 400_000):
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            " SELECT %s, 'k', 'e', '{}' FROM generate_series(1, %s)",
            (outbox.aggregate_type, count),
        )
        lose(outbox)
        peaks.append(peak_memory(outbox))
    # In kB; the array grows in steps of 16 MB.
    assert peaks[1] - peaks[0] < 400_000 * 16 / 1024 + 4096, peaks


def peak_memory(outbox: Outbox) -> int:
    """The most memory, in kB, that an audit has used of its own."""
    arguments = [
        str(BINARY), "audit", "-d", outbox.conninfo, "-b", outbox.kafka.brokers, "--slot",
        outbox.slot,
    ]  # fmt: skip
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 3
    return usage.ru_maxrss


def test_says_how_far_it_is_on_a_terminal(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.add_many(5000)
    lose(outbox)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [
            str(BINARY), "audit", "-d", outbox.conninfo, "-b", outbox.kafka.brokers,
            "--slot", outbox.slot,
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=120,
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 3
    assert re.search(r"\r\033\[K\d+ rows", shown), shown
    assert shown.endswith("\r\033[K")
    # No more rows than a person reads; JSON has them all.
    lines = done.stdout.decode().splitlines()
    assert len([line for line in lines if line.startswith("missing  id=")]) == 1000
    assert "missing  and 4000 more, which --json lists" in lines
