"""The printed configuration publishes what the Event Router did.

Its records were made by Debezium (make check-takeover compares them with it).
"""

import json
from pathlib import Path

import pytest
from conftest import Outbox
from harness.process import run
from harness.relay import BINARY
from harness.routed import CASES, FOLDER, RECORDS, Case, prepare, read

RECORDED = json.loads(RECORDS.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_records(outbox: Outbox, tmp_path: Path, case: Case) -> None:
    file = tmp_path / "pg_outbox.ini"
    file.write_text(run([str(BINARY), "import", case.connector], cwd=FOLDER))
    outbox.db.execute("DROP TABLE outbox")
    prepare(outbox.db, case)
    outbox.create_slot()
    outbox.db.execute(case.rows)
    relay = outbox.streaming_relay("-c", str(file))
    assert read(outbox.kafka, case) == RECORDED[case.name]
    assert relay.terminate() == 0
