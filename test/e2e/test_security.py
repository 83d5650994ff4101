"""What docs/security.md says of a leaked password of the relay, and of who may
publish, is so."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from conftest import Outbox
from harness.process import ROOT, run, server_user
from psycopg import pq

PAGE = (ROOT / "docs" / "security.md").read_text()


@pytest.fixture
def leaked(own_outbox: Outbox) -> str:
    """Connection string of a role with REPLICATION and no right on any table, to a
    server that allows it no other plugin and no physical replication."""
    db = own_outbox.db
    db.execute("CREATE ROLE relay LOGIN REPLICATION")
    db.execute("CREATE TABLE secrets (id int, ssn text)")
    db.execute("REVOKE ALL ON secrets FROM PUBLIC")
    own_outbox.create_slot()
    db.execute("INSERT INTO secrets VALUES (1, '123-45-6789')")
    if own_outbox.postgres.knows_output_plugin_libraries():
        db.execute("ALTER SYSTEM SET output_plugin_libraries = 'pg_outbox'")
    hba = own_outbox.postgres.data / "pg_hba.conf"
    hba.write_text("host replication relay all reject\n" + hba.read_text())
    db.execute("SELECT pg_reload_conf()")
    return own_outbox.postgres.conninfo(user="relay")


def test_it_reads_every_table(own_outbox: Outbox, leaked: str) -> None:
    """Not by SELECT, but through the slot: which tables it shows is the client's to say."""
    with (
        psycopg.connect(leaked) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM secrets")
    end = own_outbox.db.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
    lines = run(
        [str(own_outbox.postgres.bindir / "pg_recvlogical"), "-d", leaked,
         "-S", own_outbox.slot, "--start", "-f", "-", "-E", end, "-o", "tables=public.secrets",
         "-o", "topic=t", "-o", "key=id", "-o", "payload=ssn", "-o", "headers=id"]
    )
    assert '"payload":"123-45-6789"' in lines


def test_it_copies_the_server(own_outbox: Outbox, leaked: str, tmp_path: Path) -> None:
    """Also where pg_hba.conf refuses it physical replication: a connection for
    logical replication takes the command as well."""
    done = subprocess.run(
        [*server_user(), str(own_outbox.postgres.bindir / "pg_basebackup"),
         "-D", str(own_outbox.postgres.folder / "copy"), "-d", leaked],
        capture_output=True, text=True, check=False, cwd=own_outbox.postgres.folder,
    )
    assert done.returncode == 1
    assert "pg_hba.conf rejects replication connection" in done.stderr
    own_outbox.db.execute("CHECKPOINT")
    connection = pq.PGconn.connect(f"{leaked} replication=database".encode())
    connection.send_query(b"BASE_BACKUP")
    found = False
    while result := connection.get_result():
        if result.status == pq.ExecStatus.FATAL_ERROR:
            pytest.fail(result.error_message.decode())
        if result.status == pq.ExecStatus.COPY_OUT:
            while (chunk := connection.get_copy_data(0))[0] > 0:
                found = found or b"123-45-6789" in bytes(chunk[1])
    connection.finish()
    assert found


def test_what_helps_is_understood(own_outbox: Outbox) -> None:
    """The lines for pg_hba.conf that are shown."""
    [lines] = re.findall(r"\n\n((?:    (?:hostssl|host) .*\n)+)", PAGE)
    hba = own_outbox.postgres.data / "pg_hba.conf"
    hba.write_text(lines + hba.read_text())
    rules = own_outbox.db.execute(
        "SELECT error FROM pg_hba_file_rules WHERE line_number <= %s", (lines.count("\n"),)
    ).fetchall()
    assert len(rules) == lines.count("\n")
    # (This server has no certificate.)
    assert {error for (error,) in rules} <= {
        None, "hostssl record cannot match because SSL is disabled",
    }


def test_who_may_publish(outbox: Outbox) -> None:
    """By default anybody may; after what is shown only who was granted it."""
    writer = f"writer_{outbox.dbname}"
    frame = rb"\x01"
    send = "SELECT pg_logical_emit_message(true, 'pg_outbox', %s::bytea)"
    outbox.db.execute(f"CREATE ROLE {writer}")
    [revoke] = re.findall(r"\n\n(    DO (?:.*\n)+?    END \$\$;\n)", PAGE)
    try:
        outbox.db.execute(f"SET ROLE {writer}")
        outbox.db.execute(send, (frame,))
        outbox.db.execute("RESET ROLE")
        outbox.db.execute(revoke)
        outbox.db.execute(f"SET ROLE {writer}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            outbox.db.execute(send, (frame,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            outbox.db.execute("SELECT pg_logical_emit_message(true, 'pg_outbox', 'x')")
        outbox.db.execute("RESET ROLE")
        outbox.db.execute("CREATE EXTENSION pg_outbox")
        outbox.db.execute(f"SELECT outbox.grant_writer('{writer}')")
        outbox.db.execute(f"SET ROLE {writer}")
        assert outbox.db.execute("SELECT outbox.emit('T', 'k', 'e', '{}')").fetchone()[0]
    finally:
        outbox.db.execute("RESET ROLE")
        outbox.db.execute(f"DROP OWNED BY {writer}")
        outbox.db.execute(f"DROP ROLE {writer}")
