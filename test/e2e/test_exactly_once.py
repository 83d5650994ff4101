"""Exactly once: every event once for a reader of committed records, and the
events of a transaction all or none, whatever dies."""

import json
import random
import signal
import threading
import time
from collections import defaultdict

import psycopg
import pytest
from conftest import ADD, Outbox
from harness.kafka import Follower, Kafka, Record
from harness.process import free_port
from harness.proxy import Proxy
from harness.relay import Relay
from harness.scratch import Scratch
from harness.wait import wait_until

EXACTLY_ONCE = ("-X", "relay.delivery=exactly-once")

MANY = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " SELECT %s, 'k' || n %% %s, 'Happened', to_jsonb(n) FROM generate_series(%s::int, %s::int) n"
)


def add_alone(outbox: Outbox, keys: int, first: int, last: int) -> None:
    """Commits events with these numbers, each in a transaction of its own."""
    outbox.db.execute(
        f"DO $$ BEGIN FOR n IN {first} .. {last} LOOP"
        " INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        f" VALUES ('{outbox.aggregate_type}', 'k' || n % {keys}, 'e', to_jsonb(n));"
        " COMMIT; END LOOP; END $$"
    )


def publishing_relay(outbox: Outbox, *arguments: str) -> Relay:
    """A relay that has taken over."""
    relay = outbox.relay(*EXACTLY_ONCE, *arguments)
    relay.wait_for_log("publishing exactly once")
    return relay


def numbers(records: list[Record]) -> list[int]:
    return [int(record.value) for record in records]


def in_order(records: list[Record]) -> list[int]:
    """The numbers of one key, which has one partition."""
    return numbers(sorted(records, key=lambda r: (r.partition, r.offset)))


def state_topic(outbox: Outbox) -> str:
    return f"pg_outbox.state.{outbox.slot}"


def state_key(outbox: Outbox) -> str:
    system = outbox.db.execute(
        "SELECT system_identifier FROM pg_control_system()"
    ).fetchone()[0]
    return f"{system}/{outbox.slot}"


def states(outbox: Outbox) -> list[dict]:
    """The positions that were committed, the last one at the end."""
    records = outbox.kafka.read(state_topic(outbox))
    assert all(r.key.decode() == state_key(outbox) for r in records)
    return [json.loads(r.value) for r in records]


def wait_visible(outbox: Outbox, count: int) -> list[Record]:
    """Waits for that many committed records in the topic."""
    return wait_until(
        lambda: (r := outbox.kafka.read(outbox.topic)) and len(r) >= count and r,
        f"{count} committed records in {outbox.topic}",
    )


def test_positions_are_kept_in_kafka(outbox: Outbox) -> None:
    """Made with its first transaction: one partition, compacted; the slot never
    passes it."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    publishing_relay(outbox)
    for n in range(3):
        outbox.add("k", str(n))
        wait_visible(outbox, n + 1)
    outbox.wait_all_confirmed()
    assert outbox.kafka.topic_config(state_topic(outbox))["cleanup.policy"] == "compact"
    assert list(outbox.kafka.end_offsets(state_topic(outbox))) == [0]
    found = states(outbox)
    assert [state["timeline"] for state in found] == [1] * len(found)
    assert "seq" not in found[-1]
    assert in_order(outbox.kafka.read(outbox.topic)) == [0, 1, 2]


class Transactions(threading.Thread):
    """Commits transactions of several events over several topics and keys, and
    rolls some back."""

    def __init__(self, outbox: Outbox, types: list[str], count: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._conninfo = outbox.conninfo
        self._types = types
        self._count = count
        self._dice = random.Random(seed)
        self.sizes: dict[int, int] = {}
        self.start()

    def run(self) -> None:
        with psycopg.connect(self._conninfo) as connection:
            for n in range(self._count):
                size = self._dice.choice((2, 5, 20, 200))
                with connection.transaction(force_rollback=n % 7 == 0):
                    for i in range(size):
                        connection.execute(
                            ADD,
                            (self._types[i % len(self._types)],
                             f"k{self._dice.randrange(20)}", json.dumps([n, i])),
                        )
                if n % 7 != 0:
                    self.sizes[n] = size
                time.sleep(self._dice.random() * 0.01)


def parts(records: list[Record]) -> dict[int, list[int]]:
    """The events of each transaction that are visible."""
    seen: dict[int, list[int]] = defaultdict(list)
    for record in list(records):
        n, i = json.loads(record.value)
        seen[n].append(i)
    return seen


def broken(records: list[Record], sizes: dict[int, int]) -> dict[int, list[int]]:
    """The transactions of which something, but not all, is visible, or something
    more than once, or that were rolled back."""
    return {
        n: seen
        for n, seen in parts(records).items()
        if sorted(seen) != list(range(sizes.get(n, 0)))
    }


def test_a_transaction_is_visible_as_a_whole(
    outbox: Outbox, pytestconfig: pytest.Config
) -> None:
    """Over two topics of several partitions, while relays are killed: when a
    relay is dead nothing of what it had begun is visible, and nothing becomes so
    but what comes as a whole with the next one."""
    kills = pytestconfig.getoption("--kills")
    dice = random.Random(1)
    outbox.create_slot()
    types = [outbox.aggregate_type, f"{outbox.aggregate_type}-second"]
    topics = [f"{t}.events" for t in types]
    for topic in topics:
        outbox.kafka.create_topic(topic, partitions=3)
    follower = Follower(outbox.kafka, topics)
    writer = Transactions(
        outbox, types, pytestconfig.getoption("--transactions"), dice.random()
    )
    try:
        killed = 0
        while writer.is_alive() or killed < kills:
            relay = publishing_relay(outbox, "-X", "relay.commit_interval=50ms")
            before = len(follower.records)
            wait_until(
                lambda n=before: len(follower.records) > n or not writer.is_alive(),
                "something visible",
            )
            time.sleep(dice.uniform(0, 0.3))  # the moment is what is random here
            relay.kill()
            killed += 1
            # Without a relay: markers that Kafka still writes come by themselves.
            wait_until(
                lambda: not broken(follower.records, dict(writer.sizes)),
                "only whole transactions visible",
                30,
            )
            if killed >= kills and writer.is_alive():
                publishing_relay(outbox)
                writer.join()
                outbox.wait_all_confirmed()
                outbox.relays[-1].kill()
        publishing_relay(outbox)
        outbox.wait_all_confirmed()
        wait_until(
            lambda: parts(follower.records).keys() >= writer.sizes.keys()
            and not broken(follower.records, writer.sizes),
            "all visible, once and as a whole",
        )
    finally:
        follower.stop()


def test_a_large_transaction_is_not_cut(outbox: Outbox) -> None:
    """However much larger it is than commit_bytes; small ones gather up to them."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    outbox.db.execute(MANY, (outbox.aggregate_type, 7, 1, 50_000))
    add_alone(outbox, 7, 50_001, 53_000)
    publishing_relay(
        outbox, "-X", "relay.commit_bytes=2kB", "-X", "relay.inflight_bytes=1MB"
    )
    wait_visible(outbox, 1)
    found = wait_visible(outbox, 53_000)
    outbox.wait_all_confirmed()
    assert sorted(numbers(found)) == list(range(1, 53_001))
    positions = [state["lsn"] for state in states(outbox)]
    assert len(positions) == len(set(positions)) > 3
    assert all("seq" not in state for state in states(outbox))


def test_a_transaction_that_outlives_its_time_is_cut(outbox: Outbox) -> None:
    """At an event, which the position says: after a kill the rest follows."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    publishing_relay(outbox).terminate()
    proxy = Proxy(outbox.postgres.port)
    proxy.set_mode("throttle")
    conninfo = f"host=127.0.0.1 port={proxy.port} user=postgres dbname={outbox.dbname}"
    try:
        outbox.db.execute(MANY, (outbox.aggregate_type, 1, 1, 20_000))
        relay = outbox.relay(
            *EXACTLY_ONCE, "-d", conninfo, "-X", "kafka.transaction.timeout.ms=2000"
        )
        wait_until(
            lambda: any("seq" in state for state in states(outbox))
            if outbox.kafka.count(state_topic(outbox))
            else False,
            "a part",
            120,
        )
        relay.kill()
        part = next(s for s in reversed(states(outbox)) if "seq" in s)
        assert len(outbox.kafka.read(outbox.topic)) >= part["seq"]
        assert not outbox.is_confirmed(part["lsn"])
    finally:
        proxy.close()
    publishing_relay(outbox)
    outbox.wait_all_confirmed()
    assert in_order(outbox.kafka.read(outbox.topic)) == list(range(1, 20_001))


def test_events_without_a_key_are_cut_too(outbox: Outbox) -> None:
    """All that is in flight is awaited before the commit, so nothing more goes."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.db.execute(MANY, (outbox.aggregate_type, 1, 1, 300_000))
    publishing_relay(
        outbox, "-X", "outbox.key=", "-X", "kafka.transaction.timeout.ms=1000"
    )
    outbox.wait_all_confirmed()
    assert any("seq" in state for state in states(outbox))
    assert sorted(numbers(outbox.kafka.read(outbox.topic))) == list(range(1, 300_001))


def test_many_small_transactions_and_little_memory(outbox: Outbox) -> None:
    """What is to be remembered of them, 32 bytes each, is more than inflight_bytes, and
    stops nothing that only a commit lets go."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    add_alone(outbox, 7, 1, 3_000)
    publishing_relay(
        outbox, "-X", "relay.inflight_bytes=64kB", "-X", "kafka.transaction.timeout.ms=600000"
    )
    outbox.wait_all_confirmed()
    assert in_order(outbox.kafka.read(outbox.topic)) == list(range(1, 3_001))


def test_kill_again_and_again(outbox: Outbox) -> None:
    """kill -9 at any moment under load: nothing is there twice."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)

    def write() -> None:
        with psycopg.connect(outbox.conninfo, autocommit=True) as connection:
            for n in range(3000):
                connection.execute(ADD, (outbox.aggregate_type, f"k{n % 7}", str(n)))
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    dice = random.Random(2)
    kills = 0
    while writer.is_alive():
        relay = publishing_relay(outbox)
        published = outbox.kafka.count(outbox.topic)
        # Enough that the slot is behind the last commit at some of the kills.
        wait_until(
            lambda p=published: outbox.kafka.count(outbox.topic) > p + 30
            or not writer.is_alive(),
            "some published",
        )
        time.sleep(dice.uniform(0, 0.15))
        relay.kill()
        kills += 1
    writer.join()
    assert kills > 1
    publishing_relay(outbox)
    outbox.wait_all_confirmed()
    found: dict[bytes, list[int]] = defaultdict(list)
    for record in outbox.kafka.read(outbox.topic):
        found[record.key].append(int(record.value))
    assert found == {b"k%d" % k: list(range(k, 3000, 7)) for k in range(7)}


def test_the_slot_is_told_after_the_commit(outbox: Outbox) -> None:
    """While Kafka does not answer nothing is confirmed, and all of it is there
    once when it does."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    publishing_relay(outbox, "-X", "relay.status_interval=100ms")
    outbox.add("k", "0")
    wait_visible(outbox, 1)
    outbox.wait_all_confirmed()
    with outbox.kafka.frozen():
        outbox.add("k", "1")
        end = outbox.wal_end()
        outbox.add("k", "2")
        added = outbox.db.execute("SELECT clock_timestamp()").fetchone()[0]
        wait_until(
            lambda: outbox.db.execute(
                "SELECT reply_time > %s + interval '1 second' FROM pg_stat_replication"
                " JOIN pg_replication_slots ON active_pid = pid WHERE slot_name = %s",
                (added, outbox.slot),
            ).fetchone()[0],
            "several statuses",
        )
        assert not outbox.is_confirmed(end)
    outbox.wait_all_confirmed()
    assert in_order(wait_visible(outbox, 3)) == [0, 1, 2]


def test_sigterm_commits_all(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    relay = publishing_relay(outbox)
    outbox.add_many(500, keys=3)
    wait_until(lambda: outbox.kafka.count(outbox.topic) > 0, "some published")
    assert relay.terminate() == 0
    relay = publishing_relay(outbox)
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    assert sorted(numbers(outbox.kafka.read(outbox.topic))) == list(range(500))


def test_what_is_cut_off_at_the_end_is_not_visible(outbox: Outbox) -> None:
    """A relay that ends amid a transaction leaves nothing open, which would hold
    readers up."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.db.execute(MANY, (outbox.aggregate_type, 1, 1, 300_000))
    relay = publishing_relay(outbox)
    wait_until(lambda: open_end(outbox) > 1000, "events of an open transaction")
    relay.terminate()
    assert outbox.kafka.read(outbox.topic) == []
    assert outbox.kafka.count(outbox.topic) == open_end(outbox)


def open_end(outbox: Outbox) -> int:
    """The end of the topic's only partition, open transactions included."""
    return outbox.kafka.written(outbox.topic)


def test_switching_needs_no_ceremony(outbox: Outbox) -> None:
    """Each mode begins where the further one of slot and position stands."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    for n in range(4):
        outbox.add("k", str(n))
        relay = publishing_relay(outbox) if n % 2 else outbox.streaming_relay()
        wait_visible(outbox, n + 1)
        outbox.wait_all_confirmed()
        assert relay.terminate() == 0
    assert in_order(outbox.kafka.read(outbox.topic)) == [0, 1, 2, 3]


def test_the_position_is_gone(outbox: Outbox) -> None:
    """A state topic that was deleted looks like a first start: it begins where
    the slot stands, and says so."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    relay = publishing_relay(outbox)
    outbox.add("k", "1")
    wait_visible(outbox, 1)
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    outbox.kafka.delete_topic(state_topic(outbox))
    relay = publishing_relay(outbox)
    message = relay.wait_for_log("publishing exactly once")
    assert "from where the slot stands: Kafka has no position of it" in message
    outbox.add("k", "2")
    assert in_order(wait_visible(outbox, 2)) == [1, 2]


# Who may write
# -------------


def test_who_stands_by_fences_nobody(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    first = publishing_relay(outbox)
    second = outbox.relay(*EXACTLY_ONCE)
    second.wait_for_log("standing by")
    for n in range(20):
        outbox.add("k", str(n))
        wait_visible(outbox, n + 1)
    assert "taking over anew" not in first.log()
    first.kill()
    second.wait_for_log("publishing exactly once")
    outbox.add("k", "20")
    assert in_order(wait_visible(outbox, 21)) == list(range(21))


@pytest.fixture
def short_timeout(own_outbox: Outbox) -> Outbox:
    """An outbox whose server gives a silent relay up soon."""
    own_outbox.db.execute("ALTER SYSTEM SET wal_sender_timeout = '2s'")
    own_outbox.db.execute("SELECT pg_reload_conf()")
    own_outbox.create_slot()
    return own_outbox


def test_a_relay_that_was_stopped_is_fenced(short_timeout: Outbox) -> None:
    """It is stopped amid a backlog, with a batch in its hands, and another takes
    over; when it goes on nothing of it becomes visible, and it stands by."""
    outbox = short_timeout
    count = 50_000
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    first = publishing_relay(outbox, "-X", "relay.commit_bytes=100kB")
    add_alone(outbox, 1, 1, count)
    wait_until(lambda: outbox.kafka.count(outbox.topic) > 5000, "some published")
    first.signal(signal.SIGSTOP)
    second = publishing_relay(outbox, "-X", "relay.commit_bytes=100kB")
    wait_visible(outbox, count)
    first.signal(signal.SIGCONT)
    first.wait_for_log("standing by")
    outbox.wait_all_confirmed()
    assert in_order(outbox.kafka.read(outbox.topic)) == list(range(1, count + 1))
    second.kill()
    outbox.add("k", str(count + 1))
    found = wait_visible(outbox, count + 1)
    assert in_order(found) == list(range(1, count + 2))


def test_bytes_that_come_late_are_fenced(short_timeout: Outbox, scratch: Scratch) -> None:
    """A proxy holds back what the first relay sent, and lets it go when the
    second one has published more."""
    outbox = short_timeout
    proxied = free_port()
    late = Proxy(proxied)
    outbox.kafka = Kafka(scratch, "kafka_late", proxied=(proxied, late.port))
    outbox.kafka.start()
    pg_proxy = Proxy(outbox.postgres.port)
    conninfo = f"host=127.0.0.1 port={pg_proxy.port} user=postgres dbname=postgres"
    try:
        outbox.kafka.create_topic(outbox.topic, partitions=1)
        first = Relay(
            "-d", conninfo, "-b", f"127.0.0.1:{late.port}", "--slot", outbox.slot,
            *EXACTLY_ONCE, "-X", "relay.receive_timeout=3s",
        )
        outbox.relays.append(first)
        first.wait_for_log("publishing exactly once")
        outbox.add("k", "1")
        wait_visible(outbox, 1)
        outbox.wait_all_confirmed()
        late.set_mode("hold")
        for n in range(2, 7):
            outbox.add("k", str(n))
            time.sleep(0.02)
        wait_until(lambda: late.held() > 0, "bytes of the first relay")
        pg_proxy.set_mode("swallow")
        pg_proxy.cut()
        publishing_relay(outbox)
        for n in range(7, 10):
            outbox.add("k", str(n))
        wait_visible(outbox, 9)
        late.set_mode("pass")
        wait_until(lambda: late.held() == 0, "bytes let go")
        pg_proxy.set_mode("pass")
        pg_proxy.cut()
        first.wait_for_log("standing by")
        outbox.add("k", "10")
        assert in_order(wait_visible(outbox, 10)) == list(range(1, 11))
    finally:
        for relay in outbox.relays:
            relay.kill()
        late.close()
        pg_proxy.close()
        outbox.kafka.kill()
