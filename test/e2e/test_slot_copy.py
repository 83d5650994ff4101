"""create-slot --from: a slot at the position of another one."""

import re
import threading
from collections.abc import Iterator

import pytest
from conftest import Outbox
from harness.process import run, start
from harness.proxy import Proxy
from harness.relay import BINARY
from harness.wait import wait_until

OTHER = "other"


@pytest.fixture
def other(outbox: Outbox) -> Iterator[str]:
    """A slot of another plugin, named after the test's database."""
    name = f"{OTHER}_{outbox.dbname}"
    outbox.db.execute("SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (name,))
    yield name


def refused(outbox: Outbox, source: str, *arguments: str, status: int = 1) -> str:
    """The message of a command that does nothing."""
    slots = "SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots ORDER BY 1"
    before = outbox.db.execute(slots).fetchall()
    message = create(outbox, source, *arguments, status=status)
    names = [name for name, _ in before]
    after = [name for name, _ in outbox.db.execute(slots).fetchall()]
    assert outbox.slot not in after or outbox.slot in names
    return message


def create(outbox: Outbox, source: str, *arguments: str, status: int = 0) -> str:
    process = start(
        [str(BINARY), "create-slot", "-d", outbox.conninfo, "--slot", outbox.slot,
         "--from", source, *arguments],
        stdout=-1, stderr=-1, text=True,
    )
    output, errors = process.communicate(timeout=120)
    assert process.returncode == status, (process.returncode, output, errors)
    return (errors if status else output).removeprefix("pg_outbox: ").removesuffix("\n")


def test_the_position_is_the_other_slots(outbox: Outbox, other: str) -> None:
    """What was confirmed there is not published again, and all that follows is,
    also what was committed before the new slot existed."""
    outbox.add("k", '"confirmed"')
    outbox.db.execute("SELECT count(*) FROM pg_logical_slot_get_changes(%s, NULL, NULL)", (other,))
    for n in range(5):
        outbox.add("k", str(n))
    [position] = outbox.db.execute(
        "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = %s", (other,)
    ).fetchone()
    assert create(outbox, other) == (
        f'slot "{outbox.slot}" created at {position}, where slot "{other}" is: what commits'
        f' from there on will be published; drop "{other}" once that is so'
    )
    assert outbox.confirmed() == position
    assert outbox.slot_row("plugin") == "pg_outbox"
    assert outbox.slot_row("temporary") is False
    outbox.add("k", "5")
    outbox.streaming_relay()
    records = outbox.wait_published(6)
    assert [r.value for r in records] == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert create(outbox, other, "--if-not-exists").startswith(f'slot "{outbox.slot}" exists, at ')
    assert refused(outbox, other, status=4).startswith(f'slot "{outbox.slot}" exists already; ')


def test_what_is_no_slot_to_take_over(outbox: Outbox, other: str) -> None:
    assert refused(outbox, "nobody").startswith('slot "nobody" does not exist; ')
    assert refused(outbox, "No-Name", status=2) == (
        '--from: "No-Name" is not the name of a slot: 1 to 63 of a-z, 0-9 and _'
    )
    assert refused(outbox, outbox.slot, status=2).startswith(
        f'--from names the slot that is to be created, "{outbox.slot}"; '
    )
    physical = f"physical_{outbox.dbname}"
    outbox.db.execute("SELECT pg_create_physical_replication_slot(%s, true)", (physical,))
    try:
        assert refused(outbox, physical).startswith(f'slot "{physical}" is a physical slot, ')
    finally:
        outbox.db.execute("SELECT pg_drop_replication_slot(%s)", (physical,))
    with outbox.postgres.connect() as db:
        db.execute("SELECT pg_create_logical_replication_slot('elsewhere', 'test_decoding')")
        try:
            assert refused(outbox, "elsewhere") == (
                'slot "elsewhere" is for database "postgres", and the connection is to'
                f' "{outbox.dbname}"; connect to "postgres"'
            )
        finally:
            db.execute("SELECT pg_drop_replication_slot('elsewhere')")
    outbox.db.execute(
        "SELECT pg_create_logical_replication_slot('passing', 'test_decoding', true)"
    )
    assert re.fullmatch(
        r'slot "passing" is temporary: it belongs to the session with PID \d+, and ends with it',
        refused(outbox, "passing"),
    )
    outbox.db.execute("SELECT pg_drop_replication_slot('passing')")


def test_a_slot_that_somebody_reads(outbox: Outbox, other: str) -> None:
    reader = start(
        [str(outbox.postgres.bindir / "pg_recvlogical"), "-d", outbox.conninfo,
         "--slot", other, "--start", "-f", "-"],
        stdout=-3, stderr=-3,
    )

    def pid() -> int | None:
        return outbox.db.execute(
            "SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", (other,)
        ).fetchone()[0]

    wait_until(pid, "the slot active")
    assert refused(outbox, other) == (
        f'slot "{other}" is active for PID {pid()}; stop what reads it (of Kafka Connect:'
        " delete or stop the connector), and try again"
    )
    reader.kill()
    reader.wait(60)
    wait_until(lambda: pid() is None, "the slot free")
    create(outbox, other)


def test_a_slot_that_moves_meanwhile(outbox: Outbox, other: str) -> None:
    """Between the look at it and its copy, and between that and the comparison."""
    proxy = Proxy(outbox.postgres.port)
    said: list[str] = []

    def begin() -> threading.Thread:
        thread = threading.Thread(
            target=lambda: said.append(
                create(outbox, other, "-X", f"postgres.port={proxy.port}", status=1)
            )
        )
        thread.start()
        return thread

    proxy.hold_after("pg_copy_logical_replication_slot")
    thread = begin()
    wait_until(proxy.held, "the slot copied")
    copied = outbox.confirmed()
    outbox.add()
    outbox.db.execute("SELECT count(*) FROM pg_logical_slot_get_changes(%s, NULL, NULL)", (other,))
    proxy.set_mode("pass")
    thread.join(60)
    [message] = said
    assert re.fullmatch(
        f'slot "{other}" moved from {copied} to [0-9A-F/]+ while it was copied: somebody reads'
        " it; stop what does, and try again; no slot was created",
        message,
    ), message
    assert not outbox.db.execute(
        "SELECT FROM pg_replication_slots WHERE slot_name = %s", (outbox.slot,)
    ).fetchone()
    proxy.close()
    create(outbox, other)


def test_a_slot_without_its_wal(own_outbox: Outbox) -> None:
    outbox = own_outbox
    outbox.db.execute("SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (OTHER,))
    outbox.lose_wal(OTHER)
    message = refused(outbox, OTHER)
    assert message.startswith(f'slot "{OTHER}" was invalidated')
    assert message.endswith("and publish the rows since then again with outbox.replay()")


def test_for_failover(outbox: Outbox, other: str) -> None:
    if outbox.db.info.server_version < 170000:
        assert refused(outbox, other, "--failover", status=2) == (
            "--failover needs PostgreSQL 17 or later; leave it out, and create the slot again"
            " after a failover"
        )
        return
    create(outbox, other, "--failover")
    assert outbox.slot_row("failover") is True


def test_the_plugin_is_missing(outbox: Outbox, other: str) -> None:
    library = outbox.postgres.library
    hidden = library.rename(library.with_suffix(".away"))
    try:
        assert refused(outbox, other, status=4) == (
            "the output plugin pg_outbox is not installed on this server;"
            " install pg_outbox.so there (make install)"
        )
    finally:
        hidden.rename(library)


def test_help() -> None:
    assert "--from SLOT" in run([str(BINARY), "create-slot", "--help"])
