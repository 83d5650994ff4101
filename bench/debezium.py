"""Debezium's outbox Event Router on a Kafka Connect of one's own."""

import signal
from pathlib import Path

from harness.kafka import LIBS, Kafka
from harness.postgres import Postgres
from harness.process import ROOT, free_port, start
from harness.scratch import Scratch

WORKER = """
bootstrap.servers={brokers}
key.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename={folder}/offsets
offset.flush.interval.ms=1000
plugin.path={plugins}
plugin.discovery=hybrid_warn
listeners=http://127.0.0.1:{port}
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
    """A running connector that reads a slot of pgoutput."""

    def __init__(
        self,
        scratch: Scratch,
        postgres: Postgres,
        kafka: Kafka,
        slot: str,
        options: tuple[str, str],
    ) -> None:
        folder = scratch.folder(f"connect_{slot}")
        worker, connector = folder / "worker.properties", folder / "connector.properties"
        worker.write_text(
            WORKER.format(
                brokers=kafka.brokers, folder=folder, port=free_port(),
                plugins=ROOT / "build" / "debezium",
            )
            + options[0]
        )
        connector.write_text(
            CONNECTOR.format(port=postgres.port, slot=slot) + options[1]
        )
        logging = ROOT / "test" / "harness" / "log4j2.yaml"
        libraries = ROOT / "build" / "connect" / "libs"
        self.log: Path = folder / "log"
        with self.log.open("w") as log:
            self._process = start(
                [
                    "java", "-Xmx2g", f"-Dlog4j2.configurationFile={logging}",
                    "-cp", f"{libraries}/*:{LIBS}/*",
                    "org.apache.kafka.connect.cli.ConnectStandalone",
                    str(worker), str(connector),
                ],
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
