"""How a connection begins, for each command, and each way in which it cannot."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from conftest import Outbox
from harness.fake_postgres import IDENTIFIED, READY, WELCOME, FakePostgres, error
from harness.postgres import Postgres
from harness.process import start
from harness.proxy import Proxy
from harness.relay import BINARY, Relay
from harness.wait import wait_until

# The commands that connect once; each has to end by itself.
ONE_SHOT = ("create-slot", "drop-slot", "status", "tail", "check")

# No Kafka is needed here: PostgreSQL comes first.
NO_KAFKA = ("-b", "127.0.0.1:1")

QUICK = ("-X", "relay.connect_timeout=1s", "-X", "relay.receive_timeout=2s")


def run_command(command: str, *arguments: str, timeout: float = 120) -> tuple[int, str]:
    """Exit status, and what was said."""
    if command in ("check", "run"):
        arguments = (*NO_KAFKA, *arguments)
    done = subprocess.run(
        [str(BINARY), command, *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout, check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def relays() -> Iterator[Callable[..., Relay]]:
    started: list[Relay] = []

    def start_relay(*arguments: str) -> Relay:
        started.append(Relay(*NO_KAFKA, *arguments))
        return started[-1]

    yield start_relay
    for relay in started:
        relay.kill()


@pytest.fixture
def fake() -> Iterator[Callable[..., FakePostgres]]:
    servers: list[FakePostgres] = []

    def serve(answer: Callable[[str | None], bytes | None]) -> FakePostgres:
        servers.append(FakePostgres(answer))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


# libpq fails before it has a socket.
UNREACHABLE = [
    ("host=no-such-host.invalid dbname=x", "could not translate host name"),
    ("host=/nowhere dbname=x", "No such file or directory"),
    # The broadcast address, which TCP may not connect to.
    ("host=255.255.255.255 dbname=x", "unreachable"),
]


@pytest.mark.parametrize(("conninfo", "reason"), UNREACHABLE)
def test_no_socket(
    conninfo: str, reason: str, relays: Callable[..., Relay]
) -> None:
    """run waits and goes on; what connects once ends with libpq's reason."""
    relay = relays("-d", conninfo)
    for command in ONE_SHOT:
        status, said = run_command(command, "-d", conninfo)
        assert status == (3 if command == "check" else 1), said
        assert reason in said
    relay.wait_for_log("waiting for PostgreSQL; trying again")
    assert reason in relay.log()
    assert relay.running()
    assert relay.terminate() == 0


def test_a_unix_socket_that_comes_back(own_outbox: Outbox) -> None:
    """As at each restart of a server that is reached that way."""
    postgres = own_outbox.postgres
    own_outbox.create_slot()
    conninfo = f"host={postgres.folder} port={postgres.port} user=postgres dbname=postgres"
    relay = own_outbox.streaming_relay("-d", conninfo)
    own_outbox.db.close()
    postgres.stop()
    relay.wait_for_log("waiting for PostgreSQL; trying again")
    postgres.start()
    own_outbox.reconnect()
    own_outbox.add("k", "1")
    assert len(own_outbox.wait_published(1)) == 1


WRONG_PARAMETERS = [
    ("host=a sslmode=bogus", 'invalid sslmode value: "bogus"'),
    ("host=a port=abc", 'invalid port number: "abc"'),
    ("host=a port=70000", 'invalid port number: "70000"'),
    ("host=a,b port=1,2,3", "could not match 3 port numbers to 2 hosts"),
    ("host=a,b hostaddr=127.0.0.1", "could not match 2 host names to 1 hostaddr values"),
    ("host=a keepalives_idle=x",
     'invalid integer value "x" for connection option "keepalives_idle"'),
    ("host=a connect_timeout=x",
     'invalid integer value "x" for connection option "connect_timeout"'),
    ("host=a target_session_attrs=best", 'invalid target_session_attrs value: "best"'),
    ("service=nowhere", 'definition of service "nowhere" not found'),
]


@pytest.mark.parametrize(("conninfo", "reason"), WRONG_PARAMETERS)
def test_wrong_parameters(conninfo: str, reason: str) -> None:
    """Exit status 2 with libpq's own reason, whatever the command."""
    for command in ("run", *ONE_SHOT):
        assert run_command(command, "-d", conninfo) == (2, f"pg_outbox: [postgres] {reason}\n")


@pytest.mark.parametrize(
    ("conninfo", "message"),
    [
        ("postgresql://h/db?sslmod=require",
         'invalid URI query parameter: "sslmod"; did you mean "sslmode"?'),
        ("host=h pasword=hunter2", 'invalid connection option "pasword"; did you mean "password"?'),
        ("host=h frobnicate=1", 'invalid connection option "frobnicate"'),
    ],
)
def test_parameters_that_libpq_does_not_know(conninfo: str, message: str) -> None:
    assert run_command("run", "-d", conninfo) == (2, f"pg_outbox: -d: {message}\n")


@pytest.mark.parametrize("conninfo", ["postgresql://u:hunter2@[::1/db", "host=h password='hunter2"])
def test_a_conninfo_is_not_repeated(conninfo: str) -> None:
    """libpq's reason quotes it, and with it the password."""
    status, said = run_command("run", "-d", conninfo)
    assert status == 2 and "hunter2" not in said
    assert said.startswith("pg_outbox: -d: not a connection string (")


def silent_after(count: int) -> Callable[[str | None], bytes | None]:
    """A server that answers the first steps of a relay and then says nothing, to
    nobody; the query about the slot says that there is none."""
    steps = 0

    def answer(command: str | None) -> bytes | None:
        nonlocal steps
        steps += 1
        if steps > count:
            return None
        if command is None:
            return WELCOME
        if command == "IDENTIFY_SYSTEM":
            return IDENTIFIED
        # Whoever may not look starts at once, or creates the slot at once.
        return error("42501", "permission denied for view") + READY

    return answer


# Which step of a start the server does not answer any more.
STEPS = ["connection", "IDENTIFY_SYSTEM", "query", "START_REPLICATION"]


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_silence_ends(
    step: int, relays: Callable[..., Relay], fake: Callable[..., FakePostgres]
) -> None:
    """Each state of a connection has its end and its message."""
    server = fake(silent_after(step))
    relay = relays("-d", server.conninfo, *QUICK)
    relay.wait_for_log("waiting for PostgreSQL; trying again")
    assert "PostgreSQL did not answer for 1 s" in relay.log()
    assert relay.terminate() == 0


@pytest.mark.parametrize("step", [0, 1, 2, 3])
@pytest.mark.parametrize("command", ONE_SHOT)
def test_silence_ends_commands(
    command: str, step: int, fake: Callable[..., FakePostgres]
) -> None:
    status, said = run_command(command, "-d", fake(silent_after(step)).conninfo, *QUICK)
    # At its third step a command may be past what it wanted of PostgreSQL.
    assert status == (3 if command == "check" else 1) or step > 1, said
    assert re.search(r"PostgreSQL (did not answer|was silent) for [12] s", said) or step > 1, said


def test_silence_while_a_slot_is_created(
    relays: Callable[..., Relay], fake: Callable[..., FakePostgres]
) -> None:
    server = fake(silent_after(3))
    status, said = run_command("create-slot", "-d", server.conninfo, *QUICK)
    assert (status, said) == (1, "pg_outbox: PostgreSQL did not answer for 1 s\n")
    assert any(c.startswith("CREATE_REPLICATION_SLOT") for c in server.commands)


def test_silence_of_a_tail(outbox: Outbox) -> None:
    """A stream that shows nothing is not one that has nothing to show."""
    proxy = Proxy(outbox.postgres.port)
    tail = start(
        [str(BINARY), "tail", "-d",
         f"host=127.0.0.1 port={proxy.port} user=postgres dbname={outbox.dbname}",
         "-X", "relay.receive_timeout=2s"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        wait_until(
            lambda: outbox.db.execute(
                "SELECT 1 FROM pg_stat_replication JOIN pg_replication_slots ON active_pid = pid"
                " WHERE temporary AND database = %s AND state = 'streaming'", (outbox.dbname,),
            ).fetchone(),
            "the stream",
        )
        # Asked for signs of life it gives them.
        time.sleep(3)
        assert tail.poll() is None
        proxy.set_mode("swallow")
        assert tail.wait(60) == 1
        assert tail.stderr.read() == "pg_outbox: PostgreSQL was silent for 2 s\n"
    finally:
        tail.kill()
        proxy.close()


@pytest.fixture
def open_transaction(outbox: Outbox) -> Iterator[psycopg.Connection]:
    """A transaction that has written something, which a new slot waits for."""
    with psycopg.connect(outbox.conninfo, application_name="importer") as connection:
        connection.execute("SELECT txid_current()")
        yield connection
        connection.rollback()


def blocked_by(connection: psycopg.Connection) -> str:
    return (
        rf"it waits for the transaction of PID {connection.info.backend_pid} to end, open since"
        r" \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(role postgres, application importer\)"
    )


def test_create_slot_waits(outbox: Outbox, open_transaction: psycopg.Connection) -> None:
    """And says for whom; when that has ended it is done."""
    command = [str(BINARY), "create-slot", "-d", outbox.conninfo, "--slot", outbox.slot, *QUICK]
    creation = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = creation.stderr.readline()
        assert re.fullmatch(
            rf'pg_outbox: waiting: creating slot "{outbox.slot}" takes long:'
            rf" {blocked_by(open_transaction)}\n",
            said,
        ), said
        # It is waited for longer than a server that is silent would be.
        time.sleep(2)
        assert creation.poll() is None
        # Another that may find it there waits for the first.
        second = start(
            [*command, "--if-not-exists"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        assert "is being created by PID" in second.stderr.readline()
        open_transaction.rollback()
        assert creation.wait(60) == 0
        assert f'slot "{outbox.slot}" created at' in creation.stdout.read()
        assert second.wait(60) == 0
        assert f'slot "{outbox.slot}" exists, at' in second.stdout.read()
    finally:
        creation.kill()


def test_create_slot_is_interrupted(
    outbox: Outbox, open_transaction: psycopg.Connection
) -> None:
    """No walsender is left that waits on, and holds the slot's name."""
    creation = start(
        [str(BINARY), "create-slot", "-d", outbox.conninfo, "--slot", outbox.slot],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert "waits for the transaction" in creation.stderr.readline()
    creation.send_signal(signal.SIGINT)
    assert creation.wait(60) == 1
    assert creation.stderr.read() == "pg_outbox: interrupted; the slot was not created\n"
    wait_until(
        lambda: outbox.db.execute(
            "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", (outbox.slot,)
        ).fetchone() is None,
        "no slot",
    )


def test_tail_waits(outbox: Outbox, open_transaction: psycopg.Connection) -> None:
    tail = start(
        [str(BINARY), "tail", "-d", outbox.conninfo],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    said = tail.stderr.readline()
    assert re.search(blocked_by(open_transaction), said), said
    open_transaction.rollback()
    wait_until(
        lambda: outbox.db.execute(
            "SELECT 1 FROM pg_stat_replication WHERE application_name = 'pg_outbox'"
            " AND state = 'streaming'"
        ).fetchone(),
        "the stream",
    )
    outbox.add("k", "1")
    assert '"key":"k"' in tail.stdout.readline()
    tail.send_signal(signal.SIGINT)
    assert tail.wait(60) == 0


def test_run_waits(outbox: Outbox, open_transaction: psycopg.Connection) -> None:
    relay = outbox.relay("--create-slot", *QUICK)
    relay.wait_for_log("waiting for the stream to begin")
    assert re.search(blocked_by(open_transaction), relay.log()), relay.log()
    open_transaction.rollback()
    relay.wait_for_log("streaming")
    assert relay.log().count("waiting for the stream to begin") == 1
    assert relay.messages()[1].startswith("--create-slot is for trying out: ")


def test_a_prepared_transaction_is_named(outbox: Outbox) -> None:
    name = f"prepared {outbox.dbname}"
    with psycopg.connect(outbox.conninfo) as connection:
        connection.execute("SELECT txid_current()")
        connection.execute(f"PREPARE TRANSACTION '{name}'")
    tail = start(
        [str(BINARY), "tail", "-d", outbox.conninfo],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        assert f"waits for the prepared transaction '{name}' to end" in tail.stderr.readline()
    finally:
        outbox.db.execute(f"ROLLBACK PREPARED '{name}'")
        tail.send_signal(signal.SIGINT)
        assert tail.wait(60) == 0


def test_a_pooler_in_between(
    relays: Callable[..., Relay], fake: Callable[..., FakePostgres]
) -> None:
    """As PgBouncer says it, and one that does not know what replication is."""
    refusals = {
        None: error("08P01", "unsupported startup parameter: replication", "FATAL"),
        "IDENTIFY_SYSTEM": error("42601", 'syntax error at or near "IDENTIFY_SYSTEM"') + READY,
    }
    for step, refusal in refusals.items():
        server = fake(lambda command, s=step, r=refusal: r if command == s else WELCOME)
        relay = relays("-d", server.conninfo)
        assert relay.wait() == 2
        assert "host and port are those of a connection pooler" in relay.log()
        assert "connect past it, to PostgreSQL itself" in relay.log()
        for command in ("create-slot", "tail"):
            status, said = run_command(command, "-d", server.conninfo)
            assert status == 2 and "connect past it" in said


def test_create_slot_if_not_exists(outbox: Outbox) -> None:
    arguments = ("-d", outbox.conninfo, "--slot", outbox.slot, "--if-not-exists")
    status, said = run_command("create-slot", *arguments)
    assert status == 0 and f'slot "{outbox.slot}" created at' in said
    position = outbox.confirmed()
    outbox.add()
    assert run_command("create-slot", *arguments) == (
        0, f'slot "{outbox.slot}" exists, at {position}\n'
    )


def test_slots_of_others(outbox: Outbox, postgres: Postgres) -> None:
    """Of another plugin, of another database, physical: told by what they are."""
    plugin, physical = f"{outbox.slot}_plugin", f"{outbox.slot}_physical"
    outbox.create_slot()
    outbox.db.execute("SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (plugin,))
    # Fresh, it has no position, which looks as if it were invalidated.
    outbox.db.execute("SELECT pg_create_physical_replication_slot(%s)", (physical,))
    expected = {
        (outbox.conninfo, plugin):
            f'slot "{plugin}" is not one of pg_outbox: its plugin is "test_decoding"; name another'
            " one with --slot",
        (outbox.conninfo, physical):
            f'slot "{physical}" is a physical slot, as standbys have them; name another one with'
            " --slot",
        (postgres.conninfo(), outbox.slot):
            f'slot "{outbox.slot}" is for database "{outbox.dbname}", and the connection is to'
            f' "postgres"; connect to "{outbox.dbname}", or name another slot with --slot',
    }
    try:
        for (conninfo, slot), message in expected.items():
            relay = outbox.relay("-d", conninfo, "--slot", slot)
            assert relay.wait() == 4
            assert message in relay.messages()
            assert run_command(
                "create-slot", "-d", conninfo, "--slot", slot, "--if-not-exists"
            ) == (4, f"pg_outbox: {message}\n")
    finally:
        outbox.db.execute("SELECT pg_drop_replication_slot(%s)", (physical,))


def test_the_wal_is_gone(own_outbox: Outbox) -> None:
    """A segment that the slot needs: not the plugin is missing then."""
    outbox = own_outbox
    outbox.create_slot()
    segment = outbox.slot_row("pg_walfile_name(restart_lsn)")
    for _ in range(3):
        outbox.add()
        outbox.db.execute("SELECT pg_switch_wal()")
    outbox.db.execute("CHECKPOINT")
    wal = outbox.postgres.data / "pg_wal"
    (wal / segment).rename(outbox.postgres.data / "away")
    relay = outbox.relay()
    assert relay.wait() == 4
    message = relay.wait_for_log("requested WAL segment")
    assert f"{segment} has already been removed" in message
    assert f"drop-slot and create-slot --slot {outbox.slot}" in message
    assert "plugin" not in message.split(" (")[0]


@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_an_administrator_ends_the_walsender(outbox: Outbox, function: str) -> None:
    """That is a reconnect."""
    outbox.create_slot()
    relay = outbox.streaming_relay()
    pid = outbox.slot_row("active_pid")
    outbox.db.execute(f"SELECT {function}(%s)", (pid,))
    wait_until(lambda: outbox.slot_row("active_pid") not in (pid, None), "another walsender")
    outbox.add("k", "1")
    assert len(outbox.wait_published(1)) == 1
    assert relay.running()


def test_wrong_options_of_a_session(outbox: Outbox) -> None:
    """[postgres] options that the server does not take are configuration."""
    outbox.create_slot()
    for setting in ("no_such_setting=1", "work_mem=lots"):
        relay = outbox.relay("-X", f"postgres.options=-c {setting}")
        assert relay.wait() == 2
        assert setting.split("=")[0] in relay.log()


def test_a_role_with_time_limits(outbox: Outbox) -> None:
    """They are for the statements of people, not for the relay's."""
    role = f"hasty_{outbox.dbname}"
    outbox.db.execute(f"CREATE ROLE {role} LOGIN REPLICATION")
    outbox.db.execute(f"ALTER ROLE {role} SET statement_timeout = '1ms'")
    try:
        outbox.create_slot()
        outbox.streaming_relay("-X", f"postgres.user={role}").kill()
    finally:
        outbox.db.execute(f"DROP ROLE {role}")


def test_option_values_are_quoted(outbox: Outbox) -> None:
    """A quote in a value stays one: here in the prefix of the messages."""
    outbox.create_slot()
    outbox.streaming_relay("-X", "outbox.messages=it's", "-X", "outbox.tables=public.outbox")
    frame = b"\x01" + b"".join(
        bytes([len(name)]) + name.encode() + b"t" + len(value).to_bytes(4, "big") + value.encode()
        for name, value in (
            ("aggregate_type", outbox.aggregate_type), ("aggregate_id", "k"),
            ("event_type", "E"), ("payload", "quoted"),
        )
    )
    outbox.db.execute("SELECT pg_logical_emit_message(true, 'it''s', %s)", (frame,))
    assert [r.value for r in outbox.wait_published(1)] == [b"quoted"]


def test_a_table_is_waited_for(outbox: Outbox) -> None:
    """A wrong name in tables: nothing is published or confirmed before it stands
    for a table, and that is said once."""
    outbox.create_slot()
    before = outbox.confirmed()
    outbox.add("k", "1")
    relay = outbox.relay("-X", "outbox.tables=public.outbox,public.later")
    relay.wait_for_log("waiting for a table of [outbox] tables; nothing is published before")
    assert 'option \\"tables\\": table public.later does not exist in database' in relay.log()
    tries = 'START_REPLICATION SLOT "' + outbox.slot
    log = outbox.postgres.log
    count = log.read_text().count(tries)
    wait_until(lambda: log.read_text().count(tries) > count + 2, "more tries")
    assert relay.log().count("waiting for a table") == 1
    assert outbox.confirmed() == before
    assert outbox.kafka.count(outbox.topic) == 0
    outbox.db.execute("CREATE TABLE later (LIKE outbox INCLUDING ALL)")
    relay.wait_for_log("streaming")
    assert [r.value for r in outbox.wait_published(1)] == [b"1"]
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0


def test_a_table_that_does_not_exist_ends_tail(outbox: Outbox) -> None:
    status, said = run_command("tail", "-d", outbox.conninfo, "-X", "outbox.tables=public.no_such")
    assert status == 1
    assert "table public.no_such does not exist in database" in said


def test_no_table_at_all(outbox: Outbox) -> None:
    """All events are logical messages: then tables is empty."""
    outbox.db.execute("DROP TABLE outbox")
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    outbox.create_slot()
    outbox.streaming_relay("-X", "outbox.tables=")
    outbox.db.execute(
        "SELECT outbox.emit(%s, 'k', 'E', '1'::jsonb)", (outbox.aggregate_type,)
    )
    assert [r.value for r in outbox.wait_published(1)] == [b"1"]


def test_a_table_is_renamed_while_it_is_read(outbox: Outbox) -> None:
    """Its rows do not vanish: they are events that cannot be published."""
    outbox.create_slot()
    dead = f"{outbox.topic}.dead"
    outbox.streaming_relay(
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={dead}"
    )
    outbox.db.execute("ALTER TABLE outbox RENAME TO elsewhere")
    outbox.db.execute(
        "INSERT INTO elsewhere (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES (%s, 'k', 'E', '1')", (outbox.aggregate_type,),
    )
    wait_until(lambda: outbox.kafka.count(dead) == 1, "the dead letter")
    [letter] = outbox.kafka.read(dead)
    assert "outbox" in letter.header("pg_outbox.error")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("outbox.shard=5", 'option "shard": invalid value "5"'),
        ("outbox.topic=a b", 'option "topic"'),
        ("outbox.partition=nope", 'has no column "nope", which option "partition" needs'),
        ("outbox.timestamp=event_type", 'option "timestamp"'),
        ("outbox.topic=${nope}", 'has no column "nope", which option "topic" needs'),
        ("outbox.route_by=nope", 'has no column "nope", which option "route_by" needs'),
        ("outbox.route_regex=(", 'option "route_regex"'),
        ("outbox.payload=created_at", 'option "payload"'),
    ],
)
def test_wrong_decoder_options(outbox: Outbox, setting: str, words: str) -> None:
    """Exit status 2 in the decoder's own words, before there is a row; and check
    says the same."""
    outbox.create_slot()
    relay = outbox.relay("-X", setting)
    assert relay.wait() == 2, relay.log()
    [error] = [m for line, m in zip(relay.lines, relay.messages()) if " level=error " in line]
    assert words in error
    status, said = run_command("tail", "-d", outbox.conninfo, "-X", setting)
    assert status == 2 and words in said
    status, said = run_command(
        "check", "-d", outbox.conninfo, "--slot", outbox.slot, "-X", setting
    )
    assert status == 3
    assert any(words in line for line in said.splitlines() if line.startswith("FAIL  ")), said


def check_failures(outbox: Outbox, *arguments: str) -> list[str]:
    """What check finds wrong with PostgreSQL."""
    _, said = run_command(
        "check", "-d", outbox.conninfo, "--slot", outbox.slot, *arguments
    )
    return [
        line for line in said.splitlines()
        if line.startswith("FAIL  ") and "Kafka does not answer" not in line
    ]


def walsenders(outbox: Outbox) -> int:
    return outbox.db.execute("SELECT count(*) FROM pg_stat_get_wal_senders()").fetchone()[0]


def test_check_counts_nothing_of_its_own(own_outbox: Outbox) -> None:
    """One slot and one walsender are enough, whether the relay runs or not."""
    outbox = own_outbox
    outbox.postgres.configure("max_replication_slots = 1", "max_wal_senders = 1")
    outbox.db.close()
    outbox.postgres.restart()
    outbox.reconnect()
    outbox.create_slot()
    wait_until(lambda: not walsenders(outbox), "the walsender of create-slot is gone")
    assert check_failures(outbox) == []
    # On the relay's slot, since no other is free; and it is not moved.
    before = outbox.confirmed()
    wait_until(lambda: not walsenders(outbox), "the walsender of check is gone")
    [failure] = check_failures(outbox, "-X", "outbox.shard=5")
    assert 'option "shard": invalid value "5"' in failure
    assert outbox.confirmed() == before
    wait_until(lambda: not walsenders(outbox), "the walsender of check is gone")
    outbox.streaming_relay()
    assert check_failures(outbox) == []


def test_check_of_no_table(outbox: Outbox) -> None:
    """All events are logical messages."""
    outbox.create_slot()
    assert check_failures(outbox, "-X", "outbox.tables=") == []


def test_check_of_a_role_without_replication(own_outbox: Outbox) -> None:
    outbox = own_outbox
    outbox.create_slot()
    outbox.db.execute("CREATE ROLE relay LOGIN")
    arguments = ("-X", "postgres.user=relay")
    first, *_ = check_failures(outbox, *arguments)
    assert first == "FAIL  role relay lacks REPLICATION; repair: ALTER ROLE relay REPLICATION;"
    outbox.db.execute("ALTER ROLE relay REPLICATION")
    assert not any("lacks REPLICATION" in line for line in check_failures(outbox, *arguments))


def test_check_says_what_the_plugin_waits_for(
    outbox: Outbox, open_transaction: psycopg.Connection
) -> None:
    [failure] = [line for line in check_failures(outbox) if "did not start" in line]
    assert "plugin pg_outbox did not start within 5 s: " in failure
    assert re.search(blocked_by(open_transaction), failure), failure
