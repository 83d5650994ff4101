"""Everything between PostgreSQL and Kafka fails, at random moments."""

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from conftest import DELIVERIES, Outbox
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import free_port
from harness.proxy import Proxy
from harness.relay import Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from harness.workload import Excuse, Writer, judge

# What the server waits for a relay, in s.  A relay that is cut off waits less.
SENDER_TIMEOUT = 4

# How late librdkafka's threads may still send after a relay was continued, in s.
# Its loop ends that as soon as it has a turn; this is for a machine under load.
WAKING = 10


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each seed, a random one unless the first is given, and for each
    way to deliver unless one is given."""
    if "seed" in metafunc.fixturenames:
        option = metafunc.config.getoption
        only = option("--fault-delivery")
        metafunc.parametrize("delivery", [only] if only else DELIVERIES)
        # The workers of one run have to agree on the tests.
        run = random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID"))
        first = option("--fault-seed") or run.randrange(1_000_000)
        metafunc.parametrize("seed", range(first, first + option("--fault-seeds")))


class Side:
    """A relay, with a proxy to PostgreSQL and one to Kafka."""

    def __init__(self, postgres: Postgres, kafka: tuple[int, Proxy], slot: str) -> None:
        self.postgres_proxy = Proxy(postgres.port)
        _, self.kafka_proxy = kafka
        self.slot = slot
        self.relay: Relay | None = None
        self.logs: list[str] = []

    def start(self, *arguments: str) -> None:
        self._arguments = arguments
        conninfo = (
            f"host=127.0.0.1 port={self.postgres_proxy.port} user=postgres"
            " dbname=postgres"
        )
        self.relay = Relay(
            "-d", conninfo, "-b", f"127.0.0.1:{self.kafka_proxy.port}",
            "--slot", self.slot,
            "-X", "relay.connect_timeout=2s", "-X", "relay.receive_timeout=2s",
            "-X", "kafka.socket.timeout.ms=4000", "-X", "kafka.request.timeout.ms=3000",
            *arguments,
        )

    def end(self, end: Callable[[], object]) -> None:
        """Ends the relay, and starts another one in its place."""
        end()
        self.logs.append(self.relay.log())
        self.start(*self._arguments)

    def proxies(self, which: str) -> list[Proxy]:
        return {
            "PostgreSQL": [self.postgres_proxy],
            "Kafka": [self.kafka_proxy],
            "both": [self.postgres_proxy, self.kafka_proxy],
        }[which]

    def close(self) -> None:
        self.relay.kill()
        self.postgres_proxy.close()
        self.kafka_proxy.close()


class Site:
    """Two relays between a PostgreSQL and a Kafka, of which one stands by."""

    def __init__(self, scratch: Scratch, seed: int, delivery: str) -> None:
        self.delivery = delivery
        self.excuses: list[Excuse] = []
        self.disturbed: list[float] = []  # when it began that a relay was kept away
        name = f"faults_{delivery}_{seed}"
        self.postgres = Postgres(scratch, f"postgres_{name}")
        self.postgres.configure(f"wal_sender_timeout = '{SENDER_TIMEOUT}s'")
        self.postgres.start()
        ports = [free_port(), free_port()]
        proxies = [(port, Proxy(port)) for port in ports]
        self.kafka = Kafka(
            scratch, f"kafka_{name}", proxied=[(port, p.port) for port, p in proxies]
        ).start()
        self.outbox = Outbox(self.postgres, self.kafka, "postgres")
        self.outbox.create_slot()
        # So that the readers know when the broker got a record.
        self.kafka.create_topic(
            self.outbox.topic, **{"message.timestamp.type": "LogAppendTime"}
        )
        self.sides = [Side(self.postgres, p, self.outbox.slot) for p in proxies]
        for side in self.sides:
            side.start("-X", f"relay.delivery={delivery}")

    def restart_postgres(self, mode: str) -> None:
        self.outbox.db.close()
        self.postgres.restart(mode)
        self.outbox.reconnect()

    def restart_kafka(self) -> None:
        self.kafka.kill()
        self.kafka.start()

    def stop_relay(self, side: Side, seconds: float) -> None:
        """Stops the process of a relay and lets it go on.  In at-least-once that
        is what a copy behind newer events may come of (docs/delivery.md)."""
        side.relay.signal(signal.SIGSTOP)
        time.sleep(seconds)
        now = time.time()
        side.relay.signal(signal.SIGCONT)
        self.excuses.append(
            Excuse("a relay was stopped", int(now * 1000), int((now + WAKING) * 1000))
        )

    def given_up(self) -> list[Excuse]:
        """The times after the server gave a relay up which was neither stopped nor
        cut off: on a machine that is too busy it may not notice for a while."""
        times = re.findall(
            r"^(\S+ \S+) UTC .*terminating walsender process due to replication timeout",
            self.postgres.log.read_text(), re.MULTILINE,
        )
        moments = [datetime.fromisoformat(t).replace(tzinfo=UTC).timestamp() for t in times]
        return [
            Excuse("the server gave a relay up", int(t * 1000), int((t + WAKING) * 1000))
            for t in moments
            if all(abs(t - d) > 4 * SENDER_TIMEOUT for d in self.disturbed)
        ]

    def log(self) -> str:
        return "\n\n".join(
            "\n".join((*side.logs, side.relay.log())) for side in self.sides
        )

    def close(self) -> None:
        for side in self.sides:
            side.close()
        self.kafka.kill()
        self.postgres.kill()


@pytest.fixture
def site(scratch: Scratch, seed: int, delivery: str) -> Iterator[Site]:
    site = Site(scratch, seed, delivery)
    yield site
    site.close()


def disturb(proxies: list[Proxy], mode: str, seconds: float) -> None:
    """What is at fault is time here, so there is nothing else to wait for."""
    if mode != "cut":
        for proxy in proxies:
            proxy.set_mode(mode)
        time.sleep(seconds)
        for proxy in proxies:
            proxy.set_mode("pass")
        return
    for proxy in proxies:
        proxy.cut()


def fault(site: Site, dice: random.Random) -> str:
    """Does something to a relay or to what it is connected to."""
    n = dice.randrange(len(site.sides))
    side = site.sides[n]
    what = dice.choice(
        ("kill relay", "kill relay in outage", "end relay", "stop relay", "stop relay",
         "kill Kafka", "crash PostgreSQL", "restart PostgreSQL",
         "cut", "stall", "throttle", "swallow")
    )
    if what == "kill relay":
        side.end(side.relay.kill)
    elif what == "kill relay in outage":
        # With as much in flight as there may be.
        side.kafka_proxy.set_mode("stall")
        time.sleep(dice.uniform(0.5, 3))
        side.end(side.relay.kill)
        side.kafka_proxy.set_mode("pass")
    elif what == "end relay":
        side.end(side.relay.terminate)
    elif what == "stop relay":
        site.disturbed.append(time.time())
        site.stop_relay(side, dice.uniform(0.5, 3 * SENDER_TIMEOUT))
    elif what == "kill Kafka":
        site.restart_kafka()
        return what
    elif what == "crash PostgreSQL":
        site.restart_postgres("immediate")
        return what
    elif what == "restart PostgreSQL":
        site.restart_postgres("fast")
        return what
    else:
        which = dice.choice(("PostgreSQL", "Kafka", "both"))
        site.disturbed.append(time.time())
        disturb(side.proxies(which), what, dice.uniform(0.5, 2.5 * SENDER_TIMEOUT))
        what = f"{what} {which} of relay"
    return f"{what} {n}"


def releases_wal(outbox: Outbox) -> bool:
    """Whether the slot holds less than a segment back.  It moves when the server
    logs its running transactions, which a checkpoint makes it do."""
    outbox.db.execute("CHECKPOINT")
    return outbox.slot_row("pg_current_wal_lsn() - restart_lsn < 16777216")


def test_faults(site: Site, seed: int, pytestconfig: pytest.Config) -> None:
    """Nothing is lost, nothing overtakes, nothing of what rolled back is there,
    and what is there twice is a replay: but for what a relay that was stopped may
    leave.  With delivery exactly once nothing is there twice."""
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

    story = f"seed {seed}, {site.delivery}: {faults}"
    for side in site.sides:
        assert side.relay.running(), f"{story}: a relay ended\n{site.log()}"
    try:
        outbox.wait_all_confirmed()
    except TimeoutError as error:
        raise AssertionError(f"{story}\n{site.log()}") from error
    wait_until(lambda: releases_wal(outbox), "no WAL retained")
    for side in site.sides:
        assert side.relay.terminate() == 0, f"{story}\n{site.log()}"
    committed = dict(
        outbox.db.execute(
            "SELECT aggregate_id, count(*) FROM outbox GROUP BY 1"
        ).fetchall()
    )
    exactly = site.delivery == "exactly-once"
    verdict = judge(
        site.kafka.read(outbox.topic),
        committed,
        () if exactly else [*site.excuses, *site.given_up()],
    )
    assert verdict.is_kept(), f"{story}: {verdict}\n{site.log()}"
    assert not (exactly and verdict.repeated), f"{story}: {verdict}\n{site.log()}"
    print(
        f"\n{story.split(':')[0]}: {sum(committed.values())} events, {len(faults)} faults,"
        f" {verdict.repeated} repeated, none lost, none reordered but"
        f" {len(verdict.excused)} runs by relays that were stopped"
    )
