"""The chart's relays, as rendered: one streams, one stands by, and takes over in a rollout."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.http import Http
from harness.kafka import Follower, Kafka
from harness.manifests import find, render, values
from harness.outbox import TABLE
from harness.pods import PodContainer
from harness.postgres import Postgres
from harness.wait import wait_until
from running import RelayPod, hand_over, port_of, run_to_end

pytestmark = pytest.mark.tools

DBNAME = "rollout"
SECRETS = {"pg-outbox-role": {"password": "right"}}


@pytest.fixture
def pods(postgres: Postgres, kafka: Kafka, tmp_path: Path) -> Iterator[list[RelayPod]]:
    """A database with table and slot, the latter by the chart's own Job, and two relays."""
    with postgres.connect() as db:
        db.execute(f"CREATE DATABASE {DBNAME}")
        db.execute("CREATE ROLE rollout LOGIN REPLICATION")
    with postgres.connect(DBNAME) as db:
        db.execute(TABLE)

    def rendered(http: Http):
        return render(
            *values("defaults"), "--set", f"config.postgres.host=127.0.0.1,config.postgres.port={postgres.port}",
            "--set", f"config.postgres.dbname={DBNAME},config.postgres.user=rollout",
            "--set", f"config.relay.slot={DBNAME},config.postgres.sslmode=prefer",
            "--set", f"config.kafka.bootstrap\\.servers={kafka.brokers}",
            "--set", f"http.host=127.0.0.1,http.port={http.port}",
        )  # fmt: skip

    started: list[RelayPod] = []
    for n in range(2):
        http = Http()
        manifests = rendered(http)
        if n == 0:
            job = find(manifests, "Job")["spec"]["template"]["spec"]
            slot = PodContainer(manifests, job, tmp_path / "slot", SECRETS)
            run_to_end(slot, tmp_path, postgres.bindir, {})
        pod = find(manifests, "Deployment")["spec"]["template"]["spec"]
        container = PodContainer(manifests, pod, tmp_path / f"relay{n}", SECRETS)
        assert port_of(container.spec) == http.port
        started.append(RelayPod(container, http))
        started[-1].wait_ready()
    yield started
    for pod in started:
        pod.close()


def test_a_rollout_leaves_no_gap(
    postgres: Postgres, kafka: Kafka, pods: list[RelayPod]
) -> None:
    """Both are ready, since one streams and one stands by; when the first is told to end, the
    second publishes what is committed from then on."""
    add = (
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES ('Rollout', 'k', 'Happened', to_jsonb(%s::int))"
    )
    kafka.create_topic("Rollout.events")
    follower = Follower(kafka, ["Rollout.events"])
    try:
        with postgres.connect(DBNAME) as db:
            db.execute(add, (1,))
            wait_until(lambda: follower.records, "the first event")

            def publish():
                db.execute(add, (2,))
                return lambda: len(follower.records) >= 2

            took = hand_over(*pods, publish)
    finally:
        follower.stop()
    assert [r.value for r in follower.records] == [b"1", b"2"]
    print(f"SIGTERM to the next event in Kafka: {took:.1f} s")

