"""Debezium's outbox Event Router on a Kafka Connect of one's own."""

import contextlib
import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

from .kafka import LIBS, Kafka
from .postgres import Postgres
from .process import ROOT, free_port, start
from .scratch import Scratch
from .wait import wait_until

WORKER = """
bootstrap.servers={brokers}
key.converter=org.apache.kafka.connect.storage.StringConverter
offset.flush.interval.ms=1000
plugin.path={plugins}
plugin.discovery=service_load
listeners=http://127.0.0.1:{port}
"""

# How a worker that is alone keeps its offsets, and one of a group, which alone
# can have them in the transactions that publish.
STANDALONE = """
offset.storage.file.filename={folder}/offsets
"""
DISTRIBUTED = """
group.id={name}
config.storage.topic=connect.{name}.config
offset.storage.topic=connect.{name}.offsets
status.storage.topic=connect.{name}.status
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


def write_properties(path: Path, properties: dict[str, str]) -> None:
    """As Java reads them."""
    lines = (f"{k}={v}".replace("\\", "\\\\") for k, v in properties.items())
    path.write_text("\n".join(lines) + "\n")


class Connect:
    """A worker that is alone, with connectors in files, or one of a group, to
    which they are put."""

    def __init__(
        self,
        scratch: Scratch,
        kafka: Kafka,
        name: str,
        worker: str,
        connectors: list[dict[str, str]],
        distributed: bool = False,
    ) -> None:
        folder = scratch.folder(f"connect_{name}")
        self._port = free_port()
        (folder / "worker.properties").write_text(
            WORKER.format(
                brokers=kafka.brokers, port=self._port,
                plugins=ROOT / "build" / "debezium",
            )
            + (DISTRIBUTED if distributed else STANDALONE).format(folder=folder, name=name)
            + worker
        )
        files = []
        for connector in [] if distributed else connectors:
            files.append(folder / f"{connector['name']}.properties")
            write_properties(files[-1], connector)
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
                    str(folder / "worker.properties"), *map(str, files),
                ],
                stdout=log,
                stderr=log,
            )
        for connector in connectors if distributed else []:
            wait_until(lambda c=connector: self._put(c), f"Connect ({self.log})", 120)

    def _put(self, connector: dict[str, str]) -> bool:
        """Hands a connector to the group; False while that is not ready."""
        try:
            self.ask(f"connectors/{connector['name']}/config", "PUT", connector)
            return True
        except urllib.error.HTTPError as error:
            if error.code in (404, 409, 500, 503):
                return False  # it starts, or its group forms
            raise RuntimeError(error.read().decode()) from error
        except OSError:
            return False

    def ask(self, path: str, method: str = "GET", body: dict | None = None):
        """What the REST interface answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def check_running(self) -> None:
        """Raises what a connector, or all of it, failed of."""
        if self._process.poll() is not None:
            raise RuntimeError(f"Connect ended:\n{self.log.read_text()}")
        with contextlib.suppress(OSError):
            for name, found in self.ask("connectors?expand=status").items():
                status = found["status"]
                for part in (status["connector"], *status["tasks"]):
                    if part["state"] == "FAILED":
                        raise RuntimeError(f"{name} failed: {part['trace']}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait(60)


class Debezium(Connect):
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
        lines = CONNECTOR.format(port=postgres.port, slot=slot) + options[1]
        connector = dict(line.split("=", 1) for line in lines.splitlines() if line)
        if distributed:
            connector["exactly.once.support"] = "required"
        super().__init__(scratch, kafka, slot, options[0], [connector], distributed)
