"""Debezium's outbox Event Router on a Kafka Connect of one's own."""

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

from harness.kafka import LIBS, Kafka
from harness.postgres import Postgres
from harness.process import ROOT, free_port, start
from harness.scratch import Scratch
from harness.wait import wait_until

WORKER = """
bootstrap.servers={brokers}
key.converter=org.apache.kafka.connect.storage.StringConverter
offset.flush.interval.ms=1000
plugin.path={plugins}
plugin.discovery=hybrid_warn
listeners=http://127.0.0.1:{port}
"""

# How a worker that is alone keeps its offsets, and one of a group, which alone
# can have them in the transactions that publish.
STANDALONE = """
offset.storage.file.filename={folder}/offsets
"""
DISTRIBUTED = """
group.id={slot}
config.storage.topic=connect.{slot}.config
offset.storage.topic=connect.{slot}.offsets
status.storage.topic=connect.{slot}.status
config.storage.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
exactly.once.source.support=enabled
"""

CONNECTOR = """
name=outbox
connector.class=io.debezium.connector.postgresql.PostgresConnector
tasks.max=1
database.hostname=127.0.0.1
database.port={port}
database.user=postgres
database.password=none
database.dbname=postgres
topic.prefix=dbz
plugin.name=pgoutput
slot.name={slot}
publication.name=outbox
publication.autocreate.mode=disabled
table.include.list=public.outbox
snapshot.mode=no_data
tombstones.on.delete=false
slot.drop.on.stop=false
transforms=outbox
transforms.outbox.type=io.debezium.transforms.outbox.EventRouter
transforms.outbox.table.field.event.key=aggregate_id
transforms.outbox.table.field.event.type=event_type
transforms.outbox.table.field.event.payload=payload
transforms.outbox.route.by.field=aggregate_type
transforms.outbox.route.topic.replacement=${{routedByValue}}.events
"""

# What differs: lines of the worker, lines of the connector.
DEFAULT = (
    """
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
""",
    """
transforms.outbox.table.expand.json.payload=true
""",
)
TUNED = (
    """
value.converter=org.apache.kafka.connect.storage.StringConverter
producer.linger.ms={linger}
producer.batch.size=262144
producer.acks=all
""",
    """
max.batch.size=20480
max.queue.size=81920
poll.interval.ms={poll}
""",
)
TUNED_FOR_THROUGHPUT = (TUNED[0].format(linger=5), TUNED[1].format(poll=50))
TUNED_FOR_LATENCY = (TUNED[0].format(linger=0), TUNED[1].format(poll=5))


class Debezium:
    """A running connector that reads a slot of pgoutput; one of a group commits
    its events and offsets exactly once."""

    def __init__(
        self,
        scratch: Scratch,
        postgres: Postgres,
        kafka: Kafka,
        slot: str,
        options: tuple[str, str],
        distributed: bool = False,
    ) -> None:
        folder = scratch.folder(f"connect_{slot}")
        worker, connector = folder / "worker.properties", folder / "connector.properties"
        self._port = free_port()
        offsets = (DISTRIBUTED if distributed else STANDALONE).format(
            folder=folder, slot=slot
        )
        worker.write_text(
            WORKER.format(
                brokers=kafka.brokers, port=self._port,
                plugins=ROOT / "build" / "debezium",
            )
            + offsets
            + options[0]
        )
        connector.write_text(
            CONNECTOR.format(port=postgres.port, slot=slot) + options[1]
        )
        logging = ROOT / "test" / "harness" / "log4j2.yaml"
        libraries = ROOT / "build" / "connect" / "libs"
        main = "ConnectDistributed" if distributed else "ConnectStandalone"
        self.log: Path = folder / "log"
        with self.log.open("w") as log:
            self._process = start(
                [
                    "java", "-Xmx2g", f"-Dlog4j2.configurationFile={logging}",
                    "-cp", f"{libraries}/*:{LIBS}/*",
                    f"org.apache.kafka.connect.cli.{main}",
                    str(worker), *([] if distributed else [str(connector)]),
                ],
                stdout=log,
                stderr=log,
            )
        if distributed:
            wait_until(lambda: self._put(connector), f"Connect ({self.log})", 120)

    def _put(self, connector: Path) -> bool:
        """Hands the connector to the group; False while that is not ready."""
        lines = connector.read_text().splitlines()
        config = dict(line.split("=", 1) for line in lines if "=" in line)
        config["exactly.once.support"] = "required"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/connectors/{config['name']}/config",
            json.dumps(config).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        try:
            with urllib.request.urlopen(request, timeout=30):
                return True
        except urllib.error.HTTPError as error:
            if error.code in (404, 409, 500, 503):
                return False  # it starts, or its group forms
            raise RuntimeError(error.read().decode()) from error
        except OSError:
            return False

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
