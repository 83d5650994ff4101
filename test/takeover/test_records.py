"""What the Event Router makes of the rows of test/harness/routed.py, in Debezium.

    make check-takeover PYTEST_ARGS="-k records --record"

takes it as what the relay has to make of them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.debezium import Connect
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import run
from harness.relay import BINARY
from harness.routed import CASES, RECORDS, Case, prepare, read
from harness.scratch import Scratch
from harness.wait import wait_until

WORKER = "value.converter=org.apache.kafka.connect.storage.StringConverter\n"


def connector(case: Case, postgres: Postgres) -> dict[str, str]:
    """The connector as it stands, but on this server."""
    return {
        **case.config(),
        "name": case.name,
        "database.hostname": "127.0.0.1",
        "database.port": str(postgres.port),
        "database.user": "postgres",
        "database.password": "none",
        "database.dbname": case.name,
        "plugin.name": "pgoutput",
        "slot.name": case.name,
        "publication.name": "published",
        "publication.autocreate.mode": "all_tables",
        "snapshot.mode": "no_data",
    }


@pytest.fixture(scope="module")
def routed(scratch: Scratch, postgres: Postgres, kafka: Kafka) -> Iterator[Connect]:
    """Connect with all the connectors, which have published all rows."""
    for case in CASES:
        with postgres.connect() as db:
            db.execute(f'CREATE DATABASE "{case.name}"')
        with postgres.connect(case.name) as db:
            prepare(db, case)
    connect = Connect(
        scratch, kafka, "records", WORKER, [connector(case, postgres) for case in CASES]
    )

    def missing() -> set[str]:
        """The connectors that do not stream yet."""
        connect.check_running()
        active = db.execute("SELECT slot_name FROM pg_replication_slots WHERE active").fetchall()
        return {case.name for case in CASES} - {name for [name] in active}

    try:
        with postgres.connect() as db:
            wait_until(lambda: not missing(), f"all connectors stream ({connect.log})", 600)
    except TimeoutError as error:
        with postgres.connect() as db:
            raise TimeoutError(f"{missing()} do not stream") from error
    for case in CASES:
        with postgres.connect(case.name) as db:
            db.execute(case.rows)
    yield connect
    connect.stop()


def test_records(routed: Connect, kafka: Kafka, pytestconfig: pytest.Config) -> None:
    """They are those that the relay is compared with."""
    made = {case.name: read(kafka, case) for case in CASES}
    if pytestconfig.getoption("record"):
        RECORDS.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert made == json.loads(RECORDS.read_text())


def test_options(routed: Connect, tmp_path: Path) -> None:
    """import knows each option that connector and router have."""
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
    }
    for plugin, prefix in (
        (config["connector.class"], ""), (config["transforms.outbox.type"], "transforms.outbox."),
    ):
        for option in routed.ask(f"connector-plugins/{plugin}/config"):
            config.setdefault(prefix + option["name"], "x")
    assert len(config) > 150
    file = tmp_path / "connector.json"
    file.write_text(json.dumps(config))
    assert "is no option of" not in run([str(BINARY), "import", str(file)])
