"""Section [maintenance]: as which role it runs, and as which it does not; and that
the relay's role, which has REPLICATION, runs no code that is kept in the database."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Outbox
from harness.relay import BINARY
from harness.wait import wait_until

OLD = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, created_at)"
    " VALUES (%s, 'k', 'e', '1', '2000-01-01')"
)


def rows(outbox: Outbox) -> int:
    return outbox.db.execute("SELECT count(*) FROM outbox").fetchone()[0]


def check(outbox: Outbox, *arguments: str) -> tuple[int, str]:
    """Exit status of "pg_outbox check" and the lines about maintenance."""
    done = subprocess.run(
        [str(BINARY), "check", "-d", outbox.conninfo, "-b", outbox.kafka.brokers,
         "--slot", outbox.slot, *arguments],
        capture_output=True, text=True, check=False,
    )
    words = ("maintenance", "triggers", "has no right")
    lines = [line for line in done.stdout.splitlines() if any(w in line for w in words)]
    return done.returncode, "\n".join(lines)


@pytest.fixture
def roles(outbox: Outbox) -> Iterator[dict[str, str]]:
    """Roles by what they are, and a trigger of the table's owner that does what it
    can with their rights."""
    db = outbox.db
    db.execute("CREATE EXTENSION pg_outbox")
    names = {
        what: f"{what}_{outbox.dbname}"
        for what in ("owner", "replication", "super", "member", "program", "janitor")
    }
    for name in names.values():
        db.execute(f"CREATE ROLE {name} LOGIN")
    db.execute(f"ALTER ROLE {names['super']} SUPERUSER")
    db.execute(f"ALTER ROLE {names['replication']} REPLICATION")
    db.execute(f"GRANT {names['replication']} TO {names['member']}")
    db.execute(f"GRANT pg_execute_server_program TO {names['program']}")
    db.execute(f"ALTER TABLE outbox OWNER TO {names['owner']}")
    db.execute(f"SELECT outbox.grant_cleanup('{names['janitor']}', 'public.outbox')")
    db.execute("CREATE TABLE ran (as_role text)")
    db.execute("GRANT INSERT ON ran TO PUBLIC")
    db.execute(
        "CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO public.ran VALUES (current_user); RETURN old; END $$"
    )
    db.execute("CREATE TRIGGER run BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION run()")
    yield names
    for relay in outbox.relays:
        relay.kill()
    db.execute(f"DROP OWNED BY {', '.join(names.values())} CASCADE")
    db.execute(f"DROP ROLE {', '.join(names.values())}")


OBSTACLES = {
    "super": "is a superuser",
    "replication": "has REPLICATION",
    "member": "may become role replication_{db}, which has REPLICATION",
    "program": "may become role pg_execute_server_program, which reaches the server's files or"
    " programs",
}


@pytest.mark.parametrize("what", OBSTACLES)
def test_a_role_with_other_rights_does_not_maintain(
    outbox: Outbox, roles: dict[str, str], what: str
) -> None:
    """It is said, nothing of the owner's runs, and events are published."""
    reason = (
        f'role "{roles[what]}" {OBSTACLES[what].format(db=outbox.dbname)}, and triggers of the'
        " table's owner would run with its rights; name a role that is for maintenance only:"
        " user in section [maintenance]"
    )
    outbox.create_slot()
    outbox.db.execute(OLD, (outbox.aggregate_type,))
    arguments = ("-X", "maintenance.interval=1s", "-X", f"maintenance.user={roles[what]}")
    relay = outbox.streaming_relay(*arguments)
    wait_until(lambda: reason in relay.log().replace('\\"', '"'), "the reason")
    assert [r.value for r in outbox.wait_published(1)] == [b"1"]
    # The next time it is the same.
    wait_until(lambda: relay.log().count("maintenance failed") >= 2, "the next time")
    assert rows(outbox) == 1
    assert outbox.db.execute("SELECT * FROM ran").fetchall() == []
    assert relay.terminate() == 0
    status, lines = check(outbox, *arguments)
    assert (status, lines) == (
        3,
        f"FAIL  {reason}; repair: CREATE ROLE outbox_janitor LOGIN PASSWORD '...'; SELECT"
        " outbox.grant_cleanup('outbox_janitor', 'public.outbox'); then user = outbox_janitor in"
        " section [maintenance]",
    )


def test_the_relays_own_role_does_not_maintain(outbox: Outbox, roles: dict[str, str]) -> None:
    """Without a user it would be the role of [postgres]."""
    outbox.create_slot()
    outbox.db.execute(OLD, (outbox.aggregate_type,))
    relay = outbox.streaming_relay(
        "-d", outbox.postgres.conninfo(outbox.dbname, roles["replication"]),
        "-X", "maintenance.interval=1s",
    )
    wait_until(lambda: "has REPLICATION, and triggers" in relay.log(), "the reason")
    assert len(outbox.wait_published(1)) == 1
    assert (rows(outbox), relay.terminate()) == (1, 0)


def test_a_role_for_maintenance(outbox: Outbox, roles: dict[str, str]) -> None:
    """It deletes, and the owner's trigger gets no other rights than those."""
    outbox.create_slot()
    outbox.db.execute(OLD, (outbox.aggregate_type,))
    arguments = ("-X", "maintenance.interval=1s", "-X", f"maintenance.user={roles['janitor']}")
    assert check(outbox, *arguments)[1] == (
        f'ok    maintenance runs as role "{roles["janitor"]}"'
    )
    relay = outbox.streaming_relay(*arguments)
    wait_until(lambda: rows(outbox) == 0, "the old row gone")
    assert outbox.db.execute("SELECT * FROM ran").fetchall() == [(roles["janitor"],)]
    assert relay.terminate() == 0
    # What check says where something else is missing.
    outbox.db.execute(f"REVOKE USAGE ON SCHEMA outbox FROM {roles['janitor']}")
    assert check(outbox, *arguments)[1] == (
        f'FAIL  role "{roles["janitor"]}" has no right to do maintenance; repair: SELECT'
        f" outbox.grant_cleanup('{roles['janitor']}', 'public.outbox');"
    )
    outbox.db.execute("DROP EXTENSION pg_outbox")
    assert check(outbox, *arguments)[1] == (
        "FAIL  maintenance needs the extension, which does not exist in the database; repair:"
        " CREATE EXTENSION pg_outbox;"
    )
    lines = check(outbox, "-X", "maintenance.interval=1s", "-X", "maintenance.user=nobody")[1]
    assert lines.startswith("FAIL  maintenance cannot connect: ")
    assert 'role "nobody" does not exist' in lines
    assert check(outbox)[1] == ""


def test_by_a_column(outbox: Outbox, roles: dict[str, str]) -> None:
    outbox.db.execute("ALTER TABLE outbox RENAME created_at TO happened")
    outbox.db.execute(
        f"SELECT outbox.grant_cleanup('{roles['janitor']}', 'public.outbox', 'happened')"
    )
    outbox.create_slot()
    outbox.db.execute(
        OLD.replace("created_at", "happened"), (outbox.aggregate_type,)
    )
    relay = outbox.streaming_relay(
        "-X", "maintenance.interval=1s", "-X", f"maintenance.user={roles['janitor']}",
        "-X", "maintenance.time_column=happened",
    )
    wait_until(lambda: rows(outbox) == 0, "the old row gone")
    assert relay.terminate() == 0


def test_a_password_is_its_own(own_outbox: Outbox, tmp_path: Path) -> None:
    """That of [postgres] is not for another user."""
    db = own_outbox.db
    db.execute("CREATE EXTENSION pg_outbox")
    # The same password, so that only whether it is used makes a difference.
    db.execute("CREATE ROLE relay LOGIN REPLICATION PASSWORD 'secret'")
    db.execute("CREATE ROLE janitor LOGIN PASSWORD 'secret'")
    db.execute("SELECT outbox.grant_cleanup('janitor', 'public.outbox')")
    hba = own_outbox.postgres.data / "pg_hba.conf"
    hba.write_text(
        "host all relay,janitor 127.0.0.1/32 scram-sha-256\n" + hba.read_text()
    )
    db.execute("SELECT pg_reload_conf()")
    password = tmp_path / "password"
    password.write_text("secret\n")
    own_outbox.create_slot()
    arguments = (
        "-d", own_outbox.postgres.conninfo(user="relay"),
        "-X", f"postgres.password_file={password}",
        "-X", "maintenance.interval=1s", "-X", "maintenance.user=janitor",
    )
    relay = own_outbox.streaming_relay(*arguments)
    wait_until(lambda: "no password supplied" in relay.log(), "no password")
    assert relay.terminate() == 0
    for way in (f"password_file={password}", "password=secret"):
        db.execute(OLD, (own_outbox.aggregate_type,))
        relay = own_outbox.streaming_relay(*arguments, "-X", f"maintenance.{way}")
        wait_until(lambda: rows(own_outbox) == 0, "the old row gone")
        assert "secret" not in relay.log()
        assert relay.terminate() == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("maintenance.usr=x",
         '-X: unknown key "usr" in section [maintenance]; did you mean "user"?'),
        ("maintenance.oldr_than=x",
         '-X: unknown key "oldr_than" in section [maintenance]; did you mean "older_than"?'),
        ("maintenance.replication=x",
         "[maintenance] replication cannot be set: the relay sets it itself"),
        ("maintenance.password_file=/nowhere",
         "[maintenance] password_file: /nowhere: No such file or directory"),
        ("maintenance.tables=tenant_*.outbox",
         '[maintenance] tables is "tenant_*.outbox"; it must be a list of tables without patterns'
         " and options: public.outbox, billing.events"),
        ("maintenance.tables=billing.events(key=id, payload=body)",
         '[maintenance] tables is "billing.events(key=id, payload=body)"; it must be a list of'
         " tables without patterns and options: public.outbox, billing.events"),
        ("maintenance.tables=",
         '[maintenance] tables is ""; it must be a list of tables without patterns and options:'
         " public.outbox, billing.events"),
        ("maintenance.batch=none",
         '-X: invalid value "none" for maintenance.batch; allowed is a whole number'),
    ],
)
def test_wrong_settings(setting: str, message: str) -> None:
    done = subprocess.run(
        [str(BINARY), "run", "-X", setting], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, f"pg_outbox: {message}\n")


@pytest.mark.parametrize(
    "tables", ["tenant_*.outbox", "public.outbox, billing.events(key=id, payload=body)", ""]
)
def test_tables_that_are_no_plain_list(tables: str) -> None:
    """Which to maintain has to be given then, and only if maintenance is on."""
    outbox = ("-X", f"outbox.tables={tables}")
    on = ("-X", "maintenance.interval=1h")

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(BINARY), "run", "--print-config", *arguments],
            capture_output=True, text=True, check=False,
        )
        return done.returncode, done.stderr

    assert run(*outbox, *on) == (
        2,
        "pg_outbox: [maintenance] needs tables, a list of what to clean up: tables of [outbox] is"
        " empty or has patterns or options, which name no tables by themselves\n",
    )
    assert run(*outbox) == (0, "")
    assert run(*outbox, *on, "-X", "maintenance.tables=public.outbox") == (0, "")
    assert run("-X", 'outbox.tables="a*".b, c."(d"', *on) == (0, "")


def test_tables_of_its_own(outbox: Outbox, roles: dict[str, str]) -> None:
    """Beside a pattern with options; names as in SQL."""
    outbox.db.execute('CREATE SCHEMA "Odd, one"')
    outbox.db.execute('CREATE TABLE "Odd, one"."its ""rows""" (LIKE outbox INCLUDING ALL)')
    outbox.db.execute(
        "SELECT outbox.grant_cleanup(%s, %s)",
        (roles["janitor"], '"Odd, one"."its ""rows"""'),
    )
    outbox.db.execute(
        'INSERT INTO "Odd, one"."its ""rows""" (aggregate_type, aggregate_id, event_type, payload,'
        " created_at) VALUES ('T', 'k', 'e', '1', '2000-01-01')"
    )
    outbox.create_slot()
    outbox.db.execute(OLD, (outbox.aggregate_type,))
    arguments = (
        "-X", "outbox.tables=public.outb*(key=aggregate_id)",
        "-X", "maintenance.interval=1s", "-X", f"maintenance.user={roles['janitor']}",
        "-X", 'maintenance.tables=public.outbox, "Odd, one"."its ""rows"""',
    )
    relay = outbox.streaming_relay(*arguments)
    wait_until(lambda: rows(outbox) == 0, "the old row gone")
    wait_until(
        lambda: outbox.db.execute(
            'SELECT count(*) FROM "Odd, one"."its ""rows"""'
        ).fetchone() == (0,),
        "that of the other table, too",
    )
    assert len(outbox.wait_published(1)) == 1
    assert "maintenance failed" not in relay.log()
    assert relay.terminate() == 0
    assert check(outbox, *arguments) == (
        0, f'ok    maintenance runs as role "{roles["janitor"]}"'
    )


def test_a_role_that_makes_no_partitions(outbox: Outbox, roles: dict[str, str]) -> None:
    """It is said of which tables; not of those that have none, or that are its own."""
    db = outbox.db
    outbox.create_slot()
    for name in ("theirs", "own", '"Odd, one"'):
        db.execute(f"SELECT outbox.create_table('public.{name}', partition_by => interval '1 day')")
        db.execute(f"SELECT outbox.grant_cleanup('{roles['janitor']}', '{name}')")
    db.execute(f"ALTER TABLE own OWNER TO {roles['janitor']}")
    arguments = (
        "-X", "maintenance.interval=1h", "-X", f"maintenance.user={roles['janitor']}",
        "-X", 'maintenance.tables=public.outbox, public.theirs, public.own, public."Odd, one", ',
    )
    assert check(outbox, *arguments)[1] == (
        f'ok    maintenance runs as role "{roles["janitor"]}", which deletes rows of'
        ' public.theirs, public."Odd, one", but creates no partitions: only the owner can'
    )
    db.execute(f"GRANT {roles['owner']} TO {roles['janitor']}")
    for name in ("theirs", '"Odd, one"'):
        db.execute(f"ALTER TABLE {name} OWNER TO {roles['owner']}")
    assert check(outbox, *arguments)[1] == (
        f'ok    maintenance runs as role "{roles["janitor"]}"'
    )
    # An extension that was not updated has other helpers.
    db.execute("DROP EXTENSION pg_outbox")
    db.execute("CREATE EXTENSION pg_outbox VERSION '0.1.0'")
    db.execute(f"GRANT USAGE ON SCHEMA outbox TO {roles['janitor']}")
    db.execute(f"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA outbox TO {roles['janitor']}")
    assert check(outbox, *arguments)[1] == (
        f'ok    maintenance runs as role "{roles["janitor"]}"'
    )


def test_print_config() -> None:
    done = subprocess.run(
        [str(BINARY), "run", "--print-config", "-X", "maintenance.user=janitor",
         "-X", "maintenance.password=secret"],
        capture_output=True, text=True, check=True,
    )
    section = done.stdout.split("[maintenance]")[1].split("\n[")[0]
    assert "user = janitor\npassword = ********\n" in section
    assert "batch = 10000\n" in section
    assert "secret" not in done.stdout


EVIL = """
CREATE SCHEMA evil;
CREATE FUNCTION evil.eq(name, name) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE FUNCTION evil.eq(text, text) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE FUNCTION evil.minus(pg_lsn, pg_lsn) RETURNS numeric LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.eq);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
CREATE OPERATOR evil.- (LEFTARG = pg_lsn, RIGHTARG = pg_lsn, FUNCTION = evil.minus);
CREATE FUNCTION evil.count(anyelement) RETURNS bigint LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
"""


def test_nothing_of_the_database_runs_as_the_relays_role(outbox: Outbox) -> None:
    """Neither operators that the database's search_path puts in front, nor the
    extension's functions, should somebody have changed them."""
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    outbox.db.execute(EVIL)
    outbox.db.execute(f"ALTER DATABASE {outbox.dbname} SET search_path = evil, pg_catalog, public")
    outbox.db.execute(
        "CREATE OR REPLACE FUNCTION outbox.check(slot text DEFAULT '', tables text DEFAULT '',"
        " topic_columns text[] DEFAULT '{}', key_columns text[] DEFAULT '{}',"
        " payload_columns text[] DEFAULT '{}')"
        " RETURNS TABLE (item text, ok boolean, detail text, remedy text) LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$"
    )
    with (
        outbox.postgres.connect(outbox.dbname) as connection,
        pytest.raises(Exception, match="ran as postgres"),
    ):
        connection.execute("SELECT 'a'::name = 'b'::name")
    outbox.create_slot()
    relay = outbox.streaming_relay()
    outbox.add("k", "1")
    assert [r.value for r in outbox.wait_published(1)] == [b"1"]
    assert relay.terminate() == 0
    assert outbox.slot in outbox.pg_outbox("status")
    assert outbox.slot in outbox.pg_outbox("status", "--json")
    done = subprocess.run(
        [str(BINARY), "check", "-d", outbox.conninfo, "-b", outbox.kafka.brokers,
         "--slot", outbox.slot],
        capture_output=True, text=True, check=False,
    )
    assert (done.returncode, "ran as" in done.stdout + done.stderr) == (0, False), done.stdout
    outbox.pg_outbox("drop-slot")
