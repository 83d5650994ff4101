"""Every bad input has its message: what happened, where, what to do."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import Outbox
from harness.postgres import Postgres
from harness.process import ROOT, free_port
from harness.relay import BINARY


def pg_outbox(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Runs the command; returns exit status, output and errors."""
    done = subprocess.run(
        [str(BINARY), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def usage_error(*arguments: str, **environment: str) -> str:
    """The one line of a wrong command line or configuration."""
    status, output, errors = pg_outbox(*arguments, **environment)
    assert (status, output) == (2, "")
    assert errors.count("\n") == 1
    return errors.strip()


def last_error(outbox: Outbox, *arguments: str, status: int = 4) -> str:
    """The message with which a relay gives up."""
    relay = outbox.relay(*arguments)
    assert relay.wait() == status, relay.log()
    errors = [line for line in relay.lines if " level=error " in line]
    assert len(errors) == 1, relay.log()
    return next(m for line, m in zip(relay.lines, relay.messages()) if line in errors)


def test_help_and_version() -> None:
    status, output, errors = pg_outbox("--help")
    assert (status, errors) == (0, "")
    for command in ("run", "create-slot", "drop-slot"):
        assert command in output
        status, help_text, errors = pg_outbox(command, "--help")
        assert (status, errors) == (0, "")
        assert f"pg_outbox {command}" in help_text
    version = (Path(__file__).parents[2] / "VERSION").read_text().strip()
    assert pg_outbox("--version") == (0, f"pg_outbox {version}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], 'pg_outbox: no command; try "pg_outbox --help"'),
        (["rnu"], 'pg_outbox: unknown command "rnu"; did you mean "run"?'),
        (["frobnicate"], 'pg_outbox: unknown command "frobnicate"; try "pg_outbox --help"'),
        (["run", "--solt", "x"], 'pg_outbox run: unknown option "--solt"; did you mean "--slot"?'),
        (["run", "-q"], 'pg_outbox run: unknown option "-q"; try "pg_outbox run --help"'),
        (["run", "--slot"], 'pg_outbox run: option "--slot" needs a value'),
        (["run", "extra"], 'pg_outbox run: unexpected argument "extra"'),
        (["drop-slot", "--failover"],
         'pg_outbox drop-slot: unknown option "--failover"; try "pg_outbox drop-slot --help"'),
        (["run", "--slot", "No-Slot"],
         'pg_outbox: --slot: invalid value "No-Slot" for relay.slot; allowed is 1 to 63 of a-z, 0-9 and _'),
        (["run", "-X", "slot=x"], "pg_outbox: -X: not of the form section.key=value"),
        (["run", "-X", "relay.slto=x"],
         'pg_outbox: -X: unknown key "slto" in section [relay]; did you mean "slot"?'),
        (["run", "-X", "rely.slot=x"], "pg_outbox: -X: unknown section [rely]; did you mean [relay]?"),
        (["run", "-X", "outbox.tabels=x"],
         'pg_outbox: -X: unknown key "tabels" in section [outbox]; did you mean "tables"?'),
        (["run", "-X", "postgres.hots=x"],
         'pg_outbox: -X: unknown key "hots" in section [postgres]; did you mean "host"?'),
        (["run", "-b", "x", "-X", "kafka.slot=x"],
         "pg_outbox: [kafka] slot is not a property of librdkafka; it belongs to section [relay]"),
        (["run", "-X", "relay.bootstrap.servers=x"],
         'pg_outbox: -X: unknown key "bootstrap.servers" in section [relay]; it belongs to'
         " section [kafka]"),
        (["run", "-X", "postgres.slot=x"],
         'pg_outbox: -X: unknown key "slot" in section [postgres]; it belongs to section [relay]'),
        (["run", "-X", "relay.create_slot=on"],
         'pg_outbox: -X: unknown key "create_slot" in section [relay]: it was removed; a slot that'
         " is made anew at a restart hides what was lost with the old one, so create it once, with"
         " pg_outbox create-slot --if-not-exists"),
        (["run", "-X", "postgres.replication=true"],
         "pg_outbox: [postgres] replication cannot be set: the relay sets it itself"),
        (["run", "-X", "relay.inflight_bytes=16"],
         'pg_outbox: -X: invalid value "16" for relay.inflight_bytes;'
         " allowed is a number with a unit: B, kB, MB or GB"),
        (["run", "-X", "relay.status_interval=2min"],
         'pg_outbox: -X: invalid value "2min" for relay.status_interval; allowed is from 100ms to 60000ms'),
        (["run", "-X", "relay.max_topics=10kB"],
         'pg_outbox: -X: invalid value "10kB" for relay.max_topics; allowed is a whole number'),
        (["run", "-X", "relay.max_topics=0"],
         'pg_outbox: -X: invalid value "0" for relay.max_topics; allowed is from 1 to 1000000'),
        (["run", "-X", "log.level=loud"],
         'pg_outbox: -X: invalid value "loud" for log.level; allowed is error, warning, info or debug'),
        (["run", "-X", "relay.on_error=retry"],
         'pg_outbox: -X: invalid value "retry" for relay.on_error; allowed is hold, stop, dead-letter or skip'),
        *((["run", "--skip", skip],
           f'pg_outbox: --skip: invalid value "{skip}" for relay.skip; allowed is LSN/SEQ as the log'
           " names it, like 0/1D959AF0/3, or several with commas between them")
          for skip in ("x", "0/1D959AF0", "0/1/", "0/1/-1", "0/1/4294967296", "0/1/2,", "0/1/2 0/1/3")),
        (["run", "-X", "relay.dead_letter_topic=a b"],
         'pg_outbox: -X: invalid value "a b" for relay.dead_letter_topic;'
         ' allowed is 1 to 249 of a-z, A-Z, 0-9, ".", "_" and "-"'),
        *((["run", "-X", f"relay.create_topics={spec}"],
           f'pg_outbox: -X: invalid value "{spec}" for relay.create_topics; allowed is PARTITIONS,'
           " PARTITIONS:REPLICATION, or one of these followed by ,property=value")
          for spec in ("0", "x", "1:", "1:2:3", "3,", "3,=x", "3,retention", "-1")),
        (["run", "-d", "host=x password=hunter2 nonsense"],
         'pg_outbox: -d: not a connection string (missing "=" after "..." in connection info'
         ' string); write it as "host=... dbname=... user=..." or'
         ' "postgresql://user@host/dbname"'),
        (["run", "-c", "/nowhere/relay.ini"],
         "pg_outbox: /nowhere/relay.ini: cannot be read: No such file or directory"),
        (["run"], "pg_outbox: no brokers: give -b HOST:PORT, or bootstrap.servers in section [kafka]"),
        (["run", "-b", "x", "-X", "kafka.linger.sm=1"],
         'pg_outbox: [kafka] linger.sm is not a property of librdkafka; did you mean "linger.ms"?'),
        (["run", "-b", "x", "-X", "kafka.acks=1"],
         "pg_outbox: [kafka] acks must be all, not 1: with less an event may be lost with a broker"),
        (["run", "-b", "x", "-X", "kafka.enable.idempotence=false"],
         "pg_outbox: [kafka] enable.idempotence must be true, not false:"
         " without it a retry may reorder or repeat events"),
        (["run", "-b", "x", "-X", "kafka.message.timeout.ms=300000"],
         "pg_outbox: [kafka] message.timeout.ms must be 0, not 300000:"
         " with a time limit an event is given up when Kafka is away for longer"),
        (["run", "-b", "x", "-X", "kafka.transactional.id=relay"],
         "pg_outbox: [kafka] transactional.id must be empty, not relay: with delivery ="
         " exactly-once the relay names its own, and without there is none;"
         " transactional_id_prefix in [relay] says how it begins"),
    ],
)
def test_command_line(arguments: list[str], message: str) -> None:
    assert usage_error(*arguments) == message


def test_file_and_environment(tmp_path: Path) -> None:
    file = tmp_path / "relay.ini"
    file.write_text("[relay]\nslot = a\n\n[log]\nlevle = info\n")
    assert usage_error("run", "-c", str(file)) == (
        f'pg_outbox: {file}:5: unknown key "levle" in section [log]; did you mean "level"?'
    )
    assert usage_error("run", PG_OUTBOX_RELAY_SLOT="A") == (
        'pg_outbox: PG_OUTBOX_RELAY_SLOT: invalid value "A" for relay.slot;'
        " allowed is 1 to 63 of a-z, 0-9 and _"
    )
    # A service called pg-outbox gives its neighbours such variables.
    assert usage_error("run", PG_OUTBOX_NONSENSE_X="1").startswith(
        "pg_outbox: PG_OUTBOX_NONSENSE_X: unknown section [nonsense]; there are [postgres], "
    )
    assert "no brokers" in usage_error(
        "run", PG_OUTBOX_SERVICE_HOST="10.0.0.1", PG_OUTBOX_PORT="tcp://10.0.0.1:80"
    )


def test_slot_missing(outbox: Outbox) -> None:
    assert last_error(outbox) == (
        f'slot "{outbox.slot}" does not exist; create it with: pg_outbox create-slot'
        f" --slot {outbox.slot} (events committed before that are not in it)"
    )
    # drop-slot knows it, too; and a slot is not created twice.
    status, _, errors = pg_outbox("drop-slot", "-d", outbox.conninfo, "--slot", outbox.slot)
    assert (status, errors) == (4, f'pg_outbox: slot "{outbox.slot}" does not exist\n')
    outbox.create_slot()
    status, _, errors = pg_outbox("create-slot", "-d", outbox.conninfo, "--slot", outbox.slot)
    assert (status, errors) == (
        4,
        f'pg_outbox: slot "{outbox.slot}" exists already; with --if-not-exists it is left as'
        " it is\n",
    )
    assert outbox.pg_outbox("drop-slot") == (
        f'slot "{outbox.slot}" dropped: what it had not yet confirmed will not be published\n'
    )


def test_create_slot_on_the_way(outbox: Outbox) -> None:
    """--create-slot creates the slot if it does not exist, and does nothing otherwise."""
    outbox.add("k", "0")
    relay = outbox.streaming_relay("--create-slot")
    relay.wait_for_log("slot created; events committed before are not in it")
    outbox.add("k", "1")
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    outbox.add("k", "2")
    relay = outbox.streaming_relay("--create-slot")
    records = outbox.wait_published(2)
    assert [r.value for r in records] == [b"1", b"2"]
    assert "slot created" not in relay.log()


def test_slot_of_another_plugin(outbox: Outbox) -> None:
    outbox.db.execute(
        "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (outbox.slot,)
    )
    status, _, errors = pg_outbox("drop-slot", "-d", outbox.conninfo, "--slot", outbox.slot)
    assert (status, errors) == (
        4,
        f'pg_outbox: slot "{outbox.slot}" is not one of pg_outbox: its plugin is'
        ' "pgoutput"; it was not dropped\n',
    )
    assert outbox.slot_row("plugin") == "pgoutput"


def test_slot_in_use_is_not_dropped(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.streaming_relay()
    status, _, errors = pg_outbox("drop-slot", "-d", outbox.conninfo, "--slot", outbox.slot)
    assert status == 1
    assert re.fullmatch(
        rf'pg_outbox: replication slot "{outbox.slot}" is active for PID \d+\n', errors
    )


def test_plugin_not_allowed(outbox: Outbox, postgres: Postgres) -> None:
    """The exact ALTER SYSTEM, with the libraries that the setting has already."""
    outbox.create_slot()
    if not postgres.knows_output_plugin_libraries():
        # Such a server loads every plugin: then the relay must simply run.
        outbox.streaming_relay()
        return
    name = f"limited_{outbox.dbname}"
    outbox.db.execute(f"CREATE ROLE {name} LOGIN REPLICATION")
    outbox.db.execute(f"ALTER ROLE {name} SET output_plugin_libraries = pgoutput")
    outbox.db.execute(f"GRANT pg_read_all_settings TO {name}")
    remedy = (
        "the server does not allow the output plugin pg_outbox; as a superuser:"
        " ALTER SYSTEM SET output_plugin_libraries = pgoutput, pg_outbox;"
        " SELECT pg_reload_conf();"
    )
    try:
        assert last_error(outbox, "-X", f"postgres.user={name}") == remedy
        status, _, errors = pg_outbox(
            "create-slot", "-d", postgres.conninfo(outbox.dbname, name), "--slot", "other"
        )
        assert (status, errors) == (4, f"pg_outbox: {remedy}\n")
    finally:
        outbox.db.execute(f"DROP ROLE {name}")


def test_plugin_not_installed(outbox: Outbox, postgres: Postgres) -> None:
    outbox.create_slot()
    library = postgres.library
    hidden = library.rename(library.with_suffix(".away"))
    try:
        assert last_error(outbox) == (
            "the output plugin pg_outbox is not installed on this server;"
            " install pg_outbox.so there (make install)"
        )
    finally:
        hidden.rename(library)


def test_unfit_table(outbox: Outbox) -> None:
    """Which column, which option; and nothing is lost by it."""
    outbox.create_slot()
    outbox.add("k", "1")
    message = last_error(outbox, "-X", "outbox.key=nope", status=2)
    assert message.startswith(
        'table public.outbox has no column "nope", which option "key" needs. Hint: Name another'
        ' column in option "key", or take the table out of option "tables".'
    )
    assert message.count("\n") == 0
    message = last_error(outbox, "-X", "outbox.topic=a b", status=2)
    assert message.startswith('option "topic": "a b" has a character at " b" that no topic may have')
    outbox.relay()
    assert [r.value for r in outbox.wait_published(1)] == [b"1"]


def test_unknown_broker_host(outbox: Outbox) -> None:
    """Named, tried again, and the slot keeps everything."""
    outbox.create_slot()
    outbox.add("k", "1")
    confirmed = outbox.confirmed()
    relay = outbox.relay("-b", "no-such-host.invalid:9092")
    message = relay.wait_for_log("waiting for Kafka; trying again")
    assert "level=warning" in relay.log()
    assert "no-such-host.invalid:9092" in relay.log()
    assert "Failed to resolve" in relay.log()
    assert message and relay.running()
    assert outbox.confirmed() == confirmed
    relay.kill()
    outbox.relay()
    assert len(outbox.wait_published(1)) == 1


def test_postgres_away(outbox: Outbox) -> None:
    """Waited for, saying so once."""
    relay = outbox.relay("-d", f"host=127.0.0.1 port={free_port()}")
    relay.wait_for_log("waiting for PostgreSQL; trying again")
    assert "Connection refused" in relay.log()
    assert relay.running()
    assert relay.terminate() == 0


def test_wrong_database(outbox: Outbox) -> None:
    assert last_error(outbox, "-X", "postgres.dbname=no_such_database").endswith(
        'database "no_such_database" does not exist'
    )


def test_role_without_replication(outbox: Outbox, postgres: Postgres) -> None:
    name = f"plain_{outbox.dbname}"
    outbox.create_slot()
    outbox.db.execute(f"CREATE ROLE {name} LOGIN")
    try:
        message = last_error(outbox, "-X", f"postgres.user={name}")
        assert message.endswith(f"; as a superuser: ALTER ROLE {name} REPLICATION;")
        status, _, errors = pg_outbox(
            "create-slot", "-d", postgres.conninfo(outbox.dbname, name), "--slot", "other"
        )
        assert status == 4 and f"ALTER ROLE {name} REPLICATION;" in errors
    finally:
        outbox.db.execute(f"DROP ROLE {name}")


def test_pg_recvlogical(outbox: Outbox, postgres: Postgres) -> None:
    """For debugging, by docs/envelope.md; and there the plugin starts outside of a transaction."""
    page = (ROOT / "docs" / "envelope.md").read_text()
    program = [
        str(postgres.bindir / "pg_recvlogical"), "-d", outbox.conninfo, "--slot", outbox.slot,
    ]
    create, start, drop = (
        [*program, *options.split()]
        for options in re.findall(r"^    pg_recvlogical -d mydb --slot lines (.*)", page, re.M)
    )
    subprocess.run(create, timeout=60, check=True)
    outbox.add("k", "1")
    end = outbox.db.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
    done = subprocess.run(
        [*start, "--endpos", end], capture_output=True, text=True, timeout=60, check=True
    )
    event, commit = done.stdout.strip().split("\n")
    assert event.startswith(f'{{"topic":"{outbox.topic}","key":"k","ts":')
    assert commit.startswith('{"commit":"')
    done = subprocess.run(
        [*start, "-o", "key"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert 'option "key" has no value' in done.stderr
    subprocess.run(drop, timeout=60, check=True)
    assert outbox.db.execute(
        "SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s", (outbox.slot,)
    ).fetchone() == (0,)


def test_wal_level(own_outbox: Outbox) -> None:
    own_outbox.postgres.configure("wal_level = replica")
    own_outbox.db.close()
    own_outbox.postgres.restart()
    own_outbox.reconnect()
    message = last_error(own_outbox)
    assert message.startswith("logical decoding requires")
    assert message.endswith(
        "; as a superuser: ALTER SYSTEM SET wal_level = logical; then restart the server"
    )


def test_slot_that_lost_its_wal(own_outbox: Outbox) -> None:
    outbox = own_outbox
    outbox.create_slot()
    outbox.add()
    outbox.lose_wal(outbox.slot)
    message = last_error(outbox)
    assert "invalidated" in message
    assert "what it had not confirmed is lost to it: pg_outbox drop-slot" in message
    status, lines, _ = pg_outbox(
        "check", "-d", outbox.conninfo, "-b", outbox.kafka.brokers, "--slot", outbox.slot
    )
    assert status == 3
    [failure] = [line for line in lines.splitlines() if line.startswith("FAIL")]
    assert "its events are lost" in failure
