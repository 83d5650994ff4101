"""The pods of the chart, run from the relay's image with the files, variables and user that
they would have."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from harness.container import Bind, Container, Image
from harness.http import Http
from harness.kafka import Kafka
from harness.manifests import Manifest, find, render, values
from harness.outbox import TABLE
from harness.pods import PodContainer
from harness.postgres import Postgres
from harness.scratch import Scratch
from harness.wait import wait_until

DBNAME = "chart"
SECRETS = {"pg-outbox-role": {"password": "right"}}


@dataclass
class Chart:
    """What is rendered for the servers of the tests, with the relay at a port of its own."""

    image: Image
    scratch: Scratch
    http: Http
    manifests: list[Manifest]

    def container(self, kind: str) -> tuple[PodContainer, Container]:
        """Starts the container of the only Deployment or Job."""
        pod = find(self.manifests, kind)["spec"]["template"]["spec"]
        folder = self.scratch.path / f"chart-{kind}"
        laid_out = PodContainer(self.manifests, pod, folder, SECRETS, in_place=True)
        assert laid_out.spec["image"] == self.image.name
        security = pod["securityContext"]
        binds = [Bind(source, path) for path, source in laid_out.mounts.items()]
        started = Container(
            self.image, self.scratch, laid_out.arguments, environment=laid_out.env,
            binds=binds, user=(security["runAsUser"], security["runAsGroup"]),
        )  # fmt: skip
        return laid_out, started


@pytest.fixture(scope="module")
def chart(
    relay_image: Image, scratch: Scratch, postgres: Postgres, kafka: Kafka
) -> Iterator[Chart]:
    with postgres.connect() as db:
        db.execute(f"CREATE DATABASE {DBNAME}")
        db.execute("CREATE ROLE chart LOGIN REPLICATION")
    with postgres.connect(DBNAME) as db:
        db.execute(TABLE)
    http = Http()
    given = {
        "image.repository": relay_image.name.rpartition(":")[0],
        "config.postgres.host": "127.0.0.1",
        "config.postgres.port": postgres.port,
        "config.postgres.dbname": DBNAME,
        "config.postgres.user": "chart",
        "config.postgres.sslmode": "prefer",
        "config.kafka.bootstrap\\.servers": kafka.brokers,
        "config.relay.slot": DBNAME,
        "http.port": http.port,
    }
    arguments = [a for k, v in given.items() for a in ("--set", f"{k}={v}")]
    yield Chart(relay_image, scratch, http, render(*values("defaults"), *arguments))


def test_the_charts_pods(chart: Chart, postgres: Postgres, kafka: Kafka) -> None:
    """The Job creates the slot; the relay publishes an event and answers its probes."""
    _, job = chart.container("Job")
    assert job.wait() == 0, job.log()
    pod, relay = chart.container("Deployment")
    try:
        relay.wait_for_log("publishing exactly once")
        with postgres.connect(DBNAME) as db:
            db.execute(
                "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
                " VALUES ('Chart', 'k', 'Happened', '{\"title\": \"Write\"}')"
            )
        wait_until(lambda: kafka.count("Chart.events") >= 1, "the event in Kafka")
        [port] = pod.spec["ports"]
        assert port["containerPort"] == chart.http.port
        for name in ("livenessProbe", "readinessProbe"):
            probe = pod.spec[name]["httpGet"]
            assert probe["port"] == port["name"]
            assert chart.http.ask(probe["path"]).status == 200, name
        assert relay.terminate() == 0, relay.log()
    finally:
        relay.kill()
    [record] = kafka.read("Chart.events")
    assert (record.key, record.value) == (b"k", b'{"title": "Write"}')


def test_the_image_does_the_same_by_itself(chart: Chart) -> None:
    """The command of the chart is the image's, so its file is where the image reads it."""
    [container] = find(chart.manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["args"] == chart.image.config["Cmd"]
    assert container["volumeMounts"][0]["mountPath"] in container["args"][-1]
