"""The operator's commands, and a relay whose PostgreSQL says nothing."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from confluent_kafka.admin import AclOperation
from conftest import Outbox
from harness.kafka import Kafka
from harness.process import ROOT, free_port, run, start
from harness.proxy import Proxy
from harness.relay import BINARY
from harness.wait import wait_until


def pg_outbox(*arguments: str) -> tuple[int, list[str], str]:
    """Exit status, lines of output, errors."""
    done = subprocess.run(
        [str(BINARY), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def failures(outbox: Outbox, *arguments: str) -> list[str]:
    status, lines, errors = pg_outbox(
        "check", "-d", outbox.conninfo, "-b", outbox.kafka.brokers,
        "--slot", outbox.slot, *arguments,
    )
    assert errors == ""
    assert all(line.startswith(("ok    ", "FAIL  ")) for line in lines), lines
    failed = [line[6:] for line in lines if line.startswith("FAIL")]
    assert status == (3 if failed else 0)
    return failed


def test_check_finds_nothing(outbox: Outbox) -> None:
    outbox.create_slot()
    assert failures(outbox) == []
    outbox.streaming_relay()
    assert failures(outbox) == []


def test_check_names_what_repairs_it(outbox: Outbox) -> None:
    assert failures(outbox) == [
        f'slot "{outbox.slot}" does not exist; repair: pg_outbox create-slot --slot {outbox.slot}'
    ]
    outbox.db.execute(
        "SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (outbox.slot,)
    )
    [failure] = failures(outbox)
    assert failure.startswith(f'slot "{outbox.slot}" has plugin test_decoding in database')
    outbox.db.execute("SELECT pg_drop_replication_slot(%s)", (outbox.slot,))
    outbox.create_slot()

    outbox.db.execute("ALTER TABLE outbox SET UNLOGGED")
    failure, *_ = failures(outbox)
    assert failure == (
        "table public.outbox is not in the WAL; repair: ALTER TABLE public.outbox SET LOGGED;"
    )
    outbox.db.execute("ALTER TABLE outbox SET LOGGED")
    outbox.db.execute("ALTER TABLE outbox RENAME aggregate_id TO id_of_it")
    failure, *_ = failures(outbox)
    assert failure.startswith("table public.outbox has no column \"aggregate_id\""), failure
    assert failures(outbox, "-X", "outbox.key=id_of_it") == []
    [failure] = failures(outbox, "-X", "outbox.key=id_of_it", "-X", "outbox.headers=id:a b")
    assert failure.startswith('option "headers": invalid value "id:a b". Hint: Allowed is ')
    failure, *_ = failures(outbox, "-X", 'outbox.tables=public."no, such"')
    assert failure.startswith('table public."no, such" does not exist')
    [failure] = failures(
        outbox, "-X", "outbox.key=id_of_it", "-b", f"127.0.0.1:{free_port()}"
    )
    assert failure.startswith("Kafka does not answer: ") and "Connection refused" in failure


def test_check_asks_the_extension(outbox: Outbox) -> None:
    """It says the same as without, and whether it is of the relay's version."""
    outbox.create_slot()
    arguments = ("check", "-d", outbox.conninfo, "-b", outbox.kafka.brokers, "--slot", outbox.slot)
    _, without, _ = pg_outbox(*arguments)
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    status, lines, _ = pg_outbox(*arguments)
    [own] = [line for line in lines if line not in without]
    assert status == 0
    assert own.startswith("ok    extension pg_outbox has version ")
    assert len(lines) == len(without) + 1
    outbox.db.execute("UPDATE pg_extension SET extversion = '0' WHERE extname = 'pg_outbox'")
    [failure] = failures(outbox)
    assert failure.startswith("extension pg_outbox has version 0, the relay ")
    assert failure.endswith("repair: ALTER EXTENSION pg_outbox UPDATE;")


def test_check_looks_at_the_dead_letter_topic(
    outbox: Outbox, strict_kafka: Kafka
) -> None:
    outbox.kafka = strict_kafka
    outbox.create_slot()
    topic = f"{outbox.topic}.dead"
    arguments = (
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={topic}",
    )
    assert failures(outbox, *arguments) == [
        f'topic "{topic}": Broker: Unknown topic or partition; repair: create it, or set'
        " create_topics in [relay]"
    ]
    assert failures(outbox, *arguments, "-X", "relay.create_topics=1") == []
    strict_kafka.create_topic(topic)
    assert failures(outbox, *arguments) == []


def test_check_looks_at_a_fixed_topic(outbox: Outbox, strict_kafka: Kafka) -> None:
    """One that all events go to: it may be missing, or forbidden."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    arguments = ("-X", f"outbox.topic={outbox.topic}")
    [failure] = failures(outbox, *arguments)
    assert failure.startswith(f'topic "{outbox.topic}": Broker: Unknown topic or partition; ')
    strict_kafka.create_topic(outbox.topic)
    assert failures(outbox, *arguments) == []
    with strict_kafka.denied(outbox.topic, AclOperation.ALL):
        [failure] = failures(outbox, *arguments)
        assert failure == (
            f'topic "{outbox.topic}": Broker: Topic authorization failed; repair: allow the'
            " relay's principal WRITE on it"
        )


def test_check_compares_the_sizes(outbox: Outbox) -> None:
    outbox.create_slot()
    assert failures(outbox, "-X", "outbox.max_event_bytes=2000000") == [
        "Kafka takes 1048588 bytes (message.max.bytes), an event may have 2000000; repair:"
        " raise message.max.bytes of the brokers, or lower max_event_bytes in section [outbox]"
    ]


def test_check_leaves_topics_to_the_brokers(outbox: Outbox) -> None:
    """One that the brokers will create is not missing, nor created by the check."""
    outbox.create_slot()
    assert failures(outbox, "-X", f"outbox.topic={outbox.topic}") == []
    assert outbox.kafka.end_offsets(outbox.topic) == {}


def test_check_without_postgres(outbox: Outbox) -> None:
    status, lines, _ = pg_outbox(
        "check", "-d", f"host=127.0.0.1 port={free_port()}", "-b", outbox.kafka.brokers
    )
    assert status == 3
    assert lines[0].startswith("FAIL  connection to server at") and "refused" in lines[0]
    assert lines[1] == "ok    Kafka answers: brokers: 1"


def test_status(outbox: Outbox) -> None:
    arguments = ("status", "-d", outbox.conninfo, "--slot", outbox.slot)
    assert pg_outbox(*arguments) == (
        4, [], f'pg_outbox: slot "{outbox.slot}" does not exist\n'
    )
    outbox.create_slot()

    def found() -> dict:
        status, [line], errors = pg_outbox(*arguments, "--json")
        assert (status, errors) == (0, "")
        return json.loads(line)

    first = found()
    assert (first["slot"], first["database"], first["active"]) == (
        outbox.slot, outbox.dbname, False,
    )
    assert first["wal_status"] == "reserved"
    outbox.add_many(100)
    assert found()["lag_bytes"] > first["lag_bytes"]
    relay = outbox.streaming_relay()
    outbox.wait_all_confirmed()
    last = found()
    assert last["active"] and last["pid"] and last["client"] == "pg_outbox"
    assert last["confirmed_lsn"] == outbox.confirmed() or relay.running()
    status, lines, _ = pg_outbox(*arguments)
    assert status == 0
    assert [line.split()[0] for line in lines] == list(last)
    # The extension's view shows the same, and the documentation names it.
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    view = outbox.db.execute("SELECT * FROM outbox.status LIMIT 0").description
    assert [column.name for column in view] == list(last)
    page = (ROOT / "docs" / "monitoring.md").read_text()
    [table] = re.findall(r"\n\| column \| \|\n\|---\|---\|\n((?:\|.*\n)+)", page)
    documented = [
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    assert documented == list(last)


def test_tail(outbox: Outbox) -> None:
    """Shows what commits and touches nothing: no slot is left, none confirmed."""
    outbox.create_slot()
    before = outbox.confirmed()
    tail = start(
        [str(BINARY), "tail", "-d", outbox.conninfo], stdout=subprocess.PIPE, text=True
    )
    wait_until(
        lambda: outbox.db.execute(
            "SELECT 1 FROM pg_replication_slots WHERE temporary AND active"
        ).fetchone(),
        "the temporary slot",
    )
    outbox.add("k", '{"a": 1}')
    line = json.loads(tail.stdout.readline())
    assert (line["topic"], line["key"], line["payload"]) == (outbox.topic, "k", {"a": 1})
    tail.send_signal(signal.SIGINT)
    assert tail.wait(30) == 0
    assert outbox.confirmed() == before
    wait_until(
        lambda: not outbox.db.execute(
            "SELECT 1 FROM pg_replication_slots WHERE temporary AND database = %s",
            (outbox.dbname,),
        ).fetchone(),
        "the slot gone",
    )


def test_tail_on_a_terminal(outbox: Outbox) -> None:
    """In colour, and no payload moves the cursor."""
    master, slave = pty.openpty()
    tail = start(
        [str(BINARY), "tail", "-d", outbox.conninfo], stdout=slave,
        stderr=subprocess.PIPE, text=True,
    )
    os.close(slave)
    assert "waiting for events" in tail.stderr.readline()
    outbox.db.execute("ALTER TABLE outbox ALTER payload TYPE text")
    outbox.add("k", "a\x1b[2Jb")
    shown = ""
    while "  a" not in shown:
        shown += os.read(master, 4096).decode()
    assert f"\x1b[36m{outbox.topic}\x1b[0m" in shown
    assert "a.[2Jb" in shown
    tail.send_signal(signal.SIGTERM)
    assert tail.wait(30) == 0
    os.close(master)


def test_print_config(tmp_path: Path) -> None:
    """All settings with what they are for, no secrets; and it can be read again."""
    status, lines, _ = pg_outbox(
        "run", "--print-config", "-d", "host=db password=hunter2",
        "-X", "kafka.sasl.password=hunter3", "-X", "relay.inflight_bytes=1MB",
    )
    assert status == 0
    text = "\n".join(lines)
    assert "hunter" not in text
    assert "password = ********" in text and "sasl.password = ********" in text
    assert "inflight_bytes = 1MB" in text
    file = tmp_path / "relay.ini"
    _, lines, _ = pg_outbox("run", "--print-config")
    file.write_text("\n".join(lines))
    assert pg_outbox("run", "--print-config", "-c", str(file)) == (0, lines, "")


def test_secrets_and_who_may_read_them(outbox: Outbox, tmp_path: Path) -> None:
    file = tmp_path / "relay.ini"
    file.write_text("[postgres]\npassword = hunter2\n")
    file.chmod(0o644)
    status, lines, errors = pg_outbox("status", "-c", str(file))
    assert (status, lines, errors) == (
        2, [], f'pg_outbox: {file}:2: others may read "password" here; chmod o-r {file}\n'
    )
    file.chmod(0o600)
    assert pg_outbox("run", "--print-config", "-c", str(file))[0] == 0
    # A file of its own is read each time a connection is made.
    missing = tmp_path / "password"
    file.write_text(f"[postgres]\npassword_file = {missing}\n")
    assert pg_outbox("status", "-c", str(file)) == (
        2, [], f"pg_outbox: [postgres] password_file: {missing}: No such file or directory\n"
    )
    missing.write_text("secret\n")
    outbox.create_slot()
    assert pg_outbox(
        "status", "-c", str(file), "-d", outbox.conninfo, "--slot", outbox.slot
    )[0] == 0


def test_wrong_password(own_outbox: Outbox, tmp_path: Path) -> None:
    outbox = own_outbox
    outbox.create_slot()
    outbox.db.execute("CREATE ROLE relay LOGIN REPLICATION PASSWORD 'right'")
    hba = outbox.postgres.data / "pg_hba.conf"
    hba.write_text("host all relay all scram-sha-256\n" + hba.read_text())
    outbox.db.execute("SELECT pg_reload_conf()")
    password = tmp_path / "password"
    password.write_text("wrong\n")
    arguments = ("-X", "postgres.user=relay", "-X", f"postgres.password_file={password}")
    relay = outbox.relay(*arguments)
    assert relay.wait() == 4
    assert any(
        'password authentication failed for user "relay"' in m for m in relay.messages()
    )
    assert "wrong" not in relay.log()
    password.write_text("right\n")
    outbox.streaming_relay(*arguments)


def test_certificate_that_does_not_verify(own_outbox: Outbox, tmp_path: Path) -> None:
    """One that was signed by somebody else."""
    outbox = own_outbox
    outbox.create_slot()
    server = make_certificate(outbox.postgres.data)
    other = make_certificate(tmp_path)
    outbox.db.execute("ALTER SYSTEM SET ssl = on")
    outbox.db.execute("SELECT pg_reload_conf()")

    def arguments(root: Path) -> tuple[str, ...]:
        return ("-X", "postgres.sslmode=verify-ca", "-X", f"postgres.sslrootcert={root}")

    relay = outbox.relay(*arguments(other))
    relay.wait_for_log("waiting for PostgreSQL")
    assert "certificate verify failed" in relay.log()
    relay.kill()
    outbox.streaming_relay(*arguments(server))


def make_certificate(folder: Path) -> Path:
    """A certificate that is its own root, and its key, as PostgreSQL wants them."""
    certificate, key = folder / "server.crt", folder / "server.key"
    run(
        ["openssl", "req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=server",
         "-out", str(certificate), "-keyout", str(key)]
    )
    for file in (certificate, key):
        if os.geteuid() == 0:
            shutil.chown(file, "postgres")
        file.chmod(0o600)
    return certificate


def test_create_slot_for_failover(outbox: Outbox) -> None:
    status, _, errors = pg_outbox(
        "create-slot", "--failover", "-d", outbox.conninfo, "--slot", outbox.slot
    )
    if outbox.db.info.server_version >= 170000:
        assert (status, errors) == (0, "")
        assert outbox.slot_row("failover")
    else:
        assert status == 2
        assert errors.startswith("pg_outbox: --failover needs PostgreSQL 17 or later")


def test_reload(outbox: Outbox, tmp_path: Path) -> None:
    """SIGHUP: the log's level; a broken file changes nothing."""
    outbox.create_slot()
    file = tmp_path / "relay.ini"
    file.write_text("[log]\nlevel = info\n")
    relay = outbox.streaming_relay("-c", str(file))
    file.write_text("[log]\nlevel = loud\n")
    relay.signal(signal.SIGHUP)
    relay.wait_for_log("reload failed; settings unchanged")
    assert f'{file}:2: invalid value \\"loud\\"' in relay.log()
    file.write_text("[log]\nlevel = debug\n")
    relay.signal(signal.SIGHUP)
    relay.wait_for_log("reloaded")
    outbox.add()
    relay.wait_for_log("status")
    assert relay.terminate() == 0


@pytest.fixture
def silent_postgres(outbox: Outbox):
    proxy = Proxy(outbox.postgres.port)
    yield proxy
    proxy.close()


def through(proxy: Proxy, outbox: Outbox) -> tuple[str, ...]:
    conninfo = f"host=127.0.0.1 port={proxy.port} user=postgres dbname={outbox.dbname}"
    return ("-d", conninfo)


def test_a_stream_that_falls_silent(outbox: Outbox, silent_postgres: Proxy) -> None:
    """It is dropped and made again; one that is only idle is not."""
    outbox.create_slot()
    relay = outbox.streaming_relay(
        *through(silent_postgres, outbox), "-X", "relay.receive_timeout=2s"
    )
    pid = outbox.slot_row("active_pid")
    outbox.wait_all_confirmed()
    silent_postgres.set_mode("swallow")
    outbox.add("k", "1")
    relay.wait_for_log("waiting for PostgreSQL")
    assert "PostgreSQL was silent for 2 s" in relay.log()
    silent_postgres.set_mode("pass")
    # The server still holds the slot for a client that it takes to be there.
    outbox.db.execute("SELECT pg_terminate_backend(%s)", (pid,))
    outbox.wait_all_confirmed()
    assert {r.value for r in outbox.kafka.read(outbox.topic)} == {b"1"}


def test_a_server_that_does_not_answer(outbox: Outbox, silent_postgres: Proxy) -> None:
    outbox.create_slot()
    silent_postgres.set_mode("swallow")
    relay = outbox.relay(
        *through(silent_postgres, outbox), "-X", "relay.connect_timeout=1s"
    )
    relay.wait_for_log("waiting for PostgreSQL")
    assert "PostgreSQL did not answer for 1 s" in relay.log()
    silent_postgres.set_mode("pass")
    relay.wait_for_log("streaming")


def test_an_idle_stream_stays(outbox: Outbox) -> None:
    """It is asked for a sign of life, and gives one."""
    outbox.create_slot()
    relay = outbox.streaming_relay(
        "-X", "relay.receive_timeout=1s", "-X", "log.level=debug",
        "-X", "relay.status_interval=1min",
    )
    wait_until(lambda: relay.log().count('msg=status') >= 5, "several questions")
    assert relay.log().count("streaming") == 1
