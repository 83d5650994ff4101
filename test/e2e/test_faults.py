"""Everything between PostgreSQL and Kafka fails, at random moments."""

import random
import time
from collections.abc import Callable, Iterator

import pytest
from conftest import Outbox
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import free_port
from harness.proxy import Proxy
from harness.relay import Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from harness.workload import Writer, check


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each seed; random ones unless the first is given."""
    if "seed" in metafunc.fixturenames:
        option = metafunc.config.getoption
        first = option("--fault-seed") or random.randrange(1_000_000)
        metafunc.parametrize("seed", range(first, first + option("--fault-seeds")))


class Site:
    """A relay between a PostgreSQL and a Kafka, a proxy on either side."""

    def __init__(self, scratch: Scratch, seed: int) -> None:
        self.postgres = Postgres(scratch, f"postgres_faults{seed}").start()
        proxied = free_port()
        self.kafka_proxy = Proxy(proxied)
        self.kafka = Kafka(
            scratch, f"kafka_faults{seed}", proxied=(proxied, self.kafka_proxy.port)
        ).start()
        self.postgres_proxy = Proxy(self.postgres.port)
        self.outbox = Outbox(self.postgres, self.kafka, "postgres")
        self.outbox.create_slot()
        self.kafka.create_topic(self.outbox.topic)
        self.relay: Relay | None = None
        self.logs: list[str] = []
        self.start_relay()

    def start_relay(self) -> None:
        conninfo = (
            f"host=127.0.0.1 port={self.postgres_proxy.port} user=postgres"
            " dbname=postgres"
        )
        self.relay = Relay(
            "-d", conninfo, "-b", f"127.0.0.1:{self.kafka_proxy.port}",
            "--slot", self.outbox.slot,
            "-X", "relay.connect_timeout=2s", "-X", "relay.receive_timeout=3s",
            "-X", "kafka.socket.timeout.ms=4000", "-X", "kafka.request.timeout.ms=3000",
        )

    def end_relay(self, end: Callable[[], object]) -> None:
        end()
        self.logs.append(self.relay.log())
        self.start_relay()

    def restart_postgres(self, mode: str) -> None:
        self.outbox.db.close()
        self.postgres.restart(mode)
        self.outbox.reconnect()

    def restart_kafka(self) -> None:
        self.kafka.kill()
        self.kafka.start()

    def disturb(self, proxy: Proxy, mode: str, seconds: float) -> None:
        """What is at fault is time here, so there is nothing else to wait for."""
        if mode == "cut":
            proxy.cut()
            return
        proxy.set_mode(mode)
        time.sleep(seconds)
        proxy.set_mode("pass")

    def close(self) -> None:
        self.relay.kill()
        self.kafka_proxy.close()
        self.postgres_proxy.close()
        self.kafka.kill()
        self.postgres.kill()


@pytest.fixture
def site(scratch: Scratch, seed: int) -> Iterator[Site]:
    site = Site(scratch, seed)
    yield site
    site.close()


def fault(site: Site, dice: random.Random) -> str:
    """Does something to the relay or to what it is connected to."""
    proxies = {"PostgreSQL": site.postgres_proxy, "Kafka": site.kafka_proxy}
    what = dice.choice(
        ("kill relay", "kill relay in outage", "end relay", "kill Kafka",
         "crash PostgreSQL", "restart PostgreSQL", "cut", "cut", "stall", "throttle",
         "swallow")
    )
    if what == "kill relay":
        site.end_relay(site.relay.kill)
    elif what == "kill relay in outage":
        # With as much in flight as there may be.
        site.kafka_proxy.set_mode("stall")
        time.sleep(dice.uniform(0.5, 3))
        site.end_relay(site.relay.kill)
        site.kafka_proxy.set_mode("pass")
    elif what == "end relay":
        site.end_relay(site.relay.terminate)
    elif what == "kill Kafka":
        site.restart_kafka()
    elif what == "crash PostgreSQL":
        site.restart_postgres("immediate")
    elif what == "restart PostgreSQL":
        site.restart_postgres("fast")
    else:
        side = dice.choice(list(proxies))
        site.disturb(proxies[side], what, dice.uniform(0.5, 6))
        what = f"{what} {side}"
    return what


def releases_wal(outbox: Outbox) -> bool:
    """Whether the slot holds less than a segment back.  It moves when the server
    logs its running transactions, which a checkpoint makes it do."""
    outbox.db.execute("CHECKPOINT")
    return outbox.slot_row("pg_current_wal_lsn() - restart_lsn < 16777216")


def test_faults(site: Site, seed: int, pytestconfig: pytest.Config) -> None:
    dice = random.Random(seed)
    outbox = site.outbox
    writers = [
        Writer(site.postgres, outbox.aggregate_type, f"w{n}", dice.random())
        for n in range(3)
    ]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + pytestconfig.getoption("--fault-seconds")
    faults = []
    while time.monotonic() < deadline:
        time.sleep(dice.uniform(0, 2))
        faults.append(fault(site, dice))
    for writer in writers:
        writer.stop()

    if not site.relay.running():
        raise AssertionError(f"seed {seed}: the relay ended:\n{site.relay.log()}")
    try:
        outbox.wait_all_confirmed()
    except TimeoutError as error:
        raise AssertionError(f"seed {seed}: {faults}\n{site.relay.log()}") from error
    wait_until(lambda: releases_wal(outbox), "no WAL retained")
    assert site.relay.terminate() == 0
    committed = dict(
        outbox.db.execute(
            "SELECT aggregate_id, count(*) FROM outbox GROUP BY 1"
        ).fetchall()
    )
    repeated = check(site.kafka.read(outbox.topic), committed)
    print(
        f"\nseed {seed}: {sum(committed.values())} events, {len(faults)} faults,"
        f" {repeated} repeated, none lost"
    )
