"""The slot goes from one relay to another."""

import itertools
import signal
import time
from collections.abc import Iterator

import pytest
from conftest import Outbox
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import free_port
from harness.proxy import Proxy
from harness.relay import Relay, parse_logfmt
from harness.scratch import Scratch
from harness.wait import wait_until
from harness.workload import Excuse, judge

STATUS_OFTEN = ("-X", "relay.status_interval=100ms")


@pytest.fixture(scope="module")
def proxied(scratch: Scratch) -> Iterator[tuple[Kafka, Proxy]]:
    """A broker, and a proxy through which it can be reached too."""
    port = free_port()
    proxy = Proxy(port)
    kafka = Kafka(scratch, "kafka_handover", proxied=(port, proxy.port))
    try:
        yield kafka.start(), proxy
    finally:
        kafka.kill()
        proxy.close()


class Pair(Outbox):
    """An outbox with a relay behind proxies, and one without any."""

    def __init__(self, postgres: Postgres, kafka: Kafka, kafka_proxy: Proxy) -> None:
        super().__init__(postgres, kafka, "postgres")
        self.kafka_proxy = kafka_proxy
        self.postgres_proxy = Proxy(postgres.port)
        self.create_slot()
        kafka.create_topic(
            self.topic, 1, **{"message.timestamp.type": "LogAppendTime"}
        )
        self.published = 0

    def proxied_relay(self, *arguments: str) -> Relay:
        conninfo = (
            f"host=127.0.0.1 port={self.postgres_proxy.port} user=postgres"
            " dbname=postgres"
        )
        relay = self.relay(
            "-d", conninfo, "-b", f"127.0.0.1:{self.kafka_proxy.port}", *arguments
        )
        relay.wait_for_log("streaming")
        return relay

    def set_mode(self, mode: str) -> None:
        """Of both proxies; connections that were made before are reset."""
        for proxy in (self.kafka_proxy, self.postgres_proxy):
            proxy.set_mode(mode)
            proxy.cut()

    def number(self, count: int) -> None:
        """Commits that many events of one key, numbered from 1 on."""
        for _ in range(count):
            self.published += 1
            self.db.execute(
                "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
                " VALUES (%s, 'k', 'Committed', to_jsonb(%s::int))",
                (self.aggregate_type, self.published),
            )

    def publish_the_first(self) -> None:
        self.number(1)
        self.wait_published(1)
        self.wait_all_confirmed()

    def end_stream(self) -> None:
        """Ends the walsender that has the slot."""
        pid = self.slot_row("active_pid")
        self.db.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def number_at_once(self, count: int) -> None:
        self.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            " SELECT %s, 'k', 'Committed', to_jsonb(n) FROM generate_series(%s, %s) n",
            (self.aggregate_type, self.published + 1, self.published + count),
        )
        self.published += count

    def verdict(self, *excuses: Excuse):
        return judge(self.kafka.read(self.topic), {"k": self.published}, excuses)

    def close(self) -> None:
        super().close()
        self.postgres_proxy.close()
        self.kafka_proxy.set_mode("pass")


@pytest.fixture
def pair(own_outbox: Outbox, proxied: tuple[Kafka, Proxy]) -> Iterator[Pair]:
    own_outbox.db.execute("DROP TABLE outbox")
    pair = Pair(own_outbox.postgres, *proxied)
    yield pair
    pair.close()


def set_sender_timeout(outbox: Outbox, timeout: str) -> None:
    outbox.postgres.configure(f"wal_sender_timeout = '{timeout}'")
    outbox.db.execute("SELECT pg_reload_conf()")


def field(relay: Relay, message: str, name: str) -> list[str]:
    """A field of every line with that message."""
    lines = [parse_logfmt(line) for line in list(relay.lines)]
    return [line[name] for line in lines if line.get("msg") == message]


def test_cut_off_from_both(pair: Pair) -> None:
    """A relay that loses Kafka and then PostgreSQL, and finds both again when
    another one has published all, writes nothing behind that."""
    first = pair.proxied_relay()
    pair.number(3)
    pair.wait_published(3)
    pair.wait_all_confirmed()
    second = pair.relay()
    second.wait_for_log("standing by")

    pair.kafka_proxy.set_mode("swallow")
    pair.kafka_proxy.cut()
    pair.number(5)
    pair.wait_read()
    pair.set_mode("swallow")
    second.wait_for_log("streaming")
    pair.number(5)
    pair.wait_all_confirmed()
    before = pair.kafka.count(pair.topic)
    first.wait_for_log("what Kafka has not acknowledged is given up")
    pair.set_mode("pass")
    first.wait_for_log("standing by")
    pair.number(3)
    pair.wait_all_confirmed()
    assert pair.kafka.count(pair.topic) == before + 3
    verdict = pair.verdict()
    assert verdict.is_kept() and not verdict.excused, verdict


def test_what_another_relay_did_not_reach(pair: Pair) -> None:
    """The first relay publishes all and can confirm nothing of it; the second comes
    as far as an event that it may not publish.  The first goes on from there, though
    it has published the rest: else that would stay behind what the second repeated."""
    pair.db.execute("ALTER TABLE outbox ADD note text")
    headers = ("-X", "outbox.headers=id,event_type:eventType,note")
    set_sender_timeout(pair, "3s")
    first = pair.proxied_relay(*headers)
    pair.publish_the_first()
    pair.postgres_proxy.set_mode("hold")
    pair.db.execute("ALTER TABLE outbox ALTER note SET DEFAULT repeat('x', 5000)")
    pair.number(5)
    pair.db.execute("ALTER TABLE outbox ALTER note SET DEFAULT repeat('x', 20000)")
    pair.number(1)
    pair.db.execute("ALTER TABLE outbox ALTER note DROP DEFAULT")
    pair.number(5)
    pair.wait_published(12)
    second = pair.relay(*headers, "-X", "outbox.max_event_bytes=10000")
    second.wait_for_log("holding: an event cannot be published")
    assert second.terminate() == 0
    pair.postgres_proxy.set_mode("pass")
    pair.postgres_proxy.cut()
    pair.number(1)
    pair.wait_all_confirmed()
    verdict = pair.verdict()
    assert verdict.is_kept() and not verdict.excused, verdict
    assert verdict.repeated == 11
    assert first.terminate() == 0


def stop_amid_a_backlog(pair: Pair) -> tuple[Relay, Relay]:
    """Stops a relay that has as much in flight as there may be, and waits until
    another one has published all."""
    set_sender_timeout(pair, "3s")
    first = pair.proxied_relay()
    pair.number(1)
    pair.wait_published(1)
    pair.kafka_proxy.set_mode("throttle")
    pair.number_at_once(100_000)
    wait_until(lambda: pair.kafka.count(pair.topic) > 1, "some of it published")
    first.signal(signal.SIGSTOP)
    second = pair.relay()
    second.wait_for_log("streaming", 120)
    pair.wait_all_confirmed()
    return first, second


def test_a_stopped_relay_goes_on(pair: Pair) -> None:
    """What is left to at-least-once: librdkafka's threads may send what they
    have before they are stopped.  It is in Kafka already, it comes in its order,
    and it is no more than was in flight.  It ends there."""
    first, second = stop_amid_a_backlog(pair)
    pair.kafka_proxy.set_mode("pass")
    begin = int(time.time() * 1000)
    first.signal(signal.SIGCONT)
    first.wait_for_log("what Kafka has not acknowledged is given up")
    first.wait_for_log("standing by")
    end = int(time.time() * 1000)
    pair.number(3)
    pair.wait_all_confirmed()
    verdict = pair.verdict(Excuse("a relay was stopped", begin, end))
    assert verdict.is_kept(), verdict
    assert second.terminate() == 0
    # It had lost what it had in flight, and knows.
    first.wait_for_log("streaming")
    pair.number(3)
    pair.wait_all_confirmed()
    assert first.terminate() == 0
    assert pair.verdict(Excuse("a relay was stopped", begin, end)).is_kept()


def test_a_stopped_relay_must_connect_again(pair: Pair) -> None:
    """If its connections to Kafka broke meanwhile it sends nothing any more:
    it gives up what is in flight before it has a new one."""
    first, _ = stop_amid_a_backlog(pair)
    pair.kafka_proxy.set_mode("pass")
    pair.kafka_proxy.cut()
    before = pair.kafka.count(pair.topic)
    first.signal(signal.SIGCONT)
    first.wait_for_log("standing by")
    assert "this process was stopped for up to" in first.log()
    pair.number(3)
    pair.wait_all_confirmed()
    assert pair.kafka.count(pair.topic) == before + 3
    verdict = pair.verdict()
    assert verdict.is_kept(), verdict


def test_a_new_relay_waits_for_the_last_one(pair: Pair) -> None:
    """Which has lost its stream, and not yet given up what it has in flight."""
    first = pair.proxied_relay()
    pair.publish_the_first()
    pair.kafka_proxy.set_mode("stall")
    pair.number(5)
    pair.wait_read()
    pair.postgres_proxy.refuse()  # else the first could be back before the second begins
    pair.end_stream()
    second = pair.streaming_relay()
    wait_until(
        lambda: "is given up" in first.log() or pair.kafka.count(pair.topic) == 6,
        "the first given up, or the second published",
    )
    pair.kafka_proxy.set_mode("pass")
    pair.number(5)
    pair.wait_all_confirmed()
    verdict = pair.verdict()
    assert verdict.is_kept() and not verdict.excused, verdict
    assert second.terminate() == 0


def test_cut_off_and_the_slot_given_to_another(pair: Pair) -> None:
    """Nothing goes through the network, and the server gives the slot away long before
    it would miss the relay: a person ends the walsender, or a standby is promoted."""
    first = pair.proxied_relay()
    pair.publish_the_first()
    second = pair.relay()
    second.wait_for_log("standing by")
    pair.kafka_proxy.set_mode("stall")
    pair.number(5)
    pair.wait_read()
    pair.postgres_proxy.set_mode("swallow")
    pair.postgres_proxy.disconnect()
    pair.end_stream()
    second.wait_for_log("streaming")
    pair.wait_all_confirmed()
    before = pair.kafka.count(pair.topic)
    pair.set_mode("pass")
    first.wait_for_log("standing by")
    pair.number(5)
    pair.wait_all_confirmed()
    assert pair.kafka.count(pair.topic) == before + 5
    verdict = pair.verdict()
    assert verdict.is_kept() and not verdict.excused, verdict
    assert "the network has acknowledged nothing for" in first.log()


def test_who_waits_before_it_publishes(pair: Pair) -> None:
    """Who has got the slot publishes nothing before nobody else has had it for 2 s, so
    that what its predecessor has in flight is over."""
    first = pair.streaming_relay()
    second = pair.relay()
    second.wait_for_log("standing by")
    pair.publish_the_first()
    # No more than a confirmation may lie between this and the next stream.
    had_it = time.time()
    assert first.terminate() == 0
    pair.number(1)
    second.wait_for_log("streaming")
    pair.wait_published(2)
    [_, record] = pair.kafka.read(pair.topic)
    assert record.timestamp / 1000 > had_it + 1.9
    pair.wait_all_confirmed()
    # Back after its stream was ended: it waits as well.
    had_it = time.time()
    pair.end_stream()
    pair.number(1)
    pair.wait_published(3)
    assert pair.kafka.read(pair.topic)[-1].timestamp / 1000 > had_it + 1.9
    pair.wait_all_confirmed()
    # And so does a process that is new.
    had_it = time.time()
    assert second.terminate() == 0
    pair.number(1)
    pair.streaming_relay()
    pair.wait_published(4)
    assert pair.kafka.read(pair.topic)[-1].timestamp / 1000 > had_it + 1.9


def test_a_slot_that_nobody_had(pair: Pair) -> None:
    """Where the server says for how long nobody had the slot (17 and later), or the
    relay has made it, there is nobody to wait for."""
    dates = pair.db.info.server_version >= 170000
    if dates:
        free = "SELECT now() - inactive_since > '2 s' FROM pg_replication_slots"
        wait_until(lambda: pair.db.execute(free).fetchone()[0], "the slot free for 2 s")
    relay = pair.streaming_relay()
    assert field(relay, "streaming", "publishes_in_ms") == ["0" if dates else "2000"]
    assert relay.terminate() == 0
    pair.db.execute("SELECT pg_drop_replication_slot(%s)", (pair.slot,))
    relay = pair.streaming_relay("--create-slot")
    assert field(relay, "streaming", "publishes_in_ms") == ["0"]


def test_exactly_once_after_at_least_once(pair: Pair) -> None:
    """A relay that has no transactional.id is not fenced, so it is waited for."""
    first = pair.streaming_relay()
    pair.publish_the_first()
    had_it = time.time()
    assert first.terminate() == 0
    pair.number(1)
    pair.streaming_relay("-X", "relay.delivery=exactly-once")
    wait_until(lambda: len(pair.kafka.read(pair.topic)) == 2, "its commit visible")
    assert pair.kafka.read(pair.topic)[-1].timestamp / 1000 > had_it + 1.9


def test_standing_by_is_quiet(pair: Pair) -> None:
    """It looks at the slot on a connection that stays, and nothing of it is in
    the server's log."""
    pair.streaming_relay()
    second = pair.relay()
    second.wait_for_log("standing by")

    def looks() -> set[tuple]:
        return set(
            pair.db.execute(
                "SELECT pid, query_start FROM pg_stat_activity"
                " WHERE backend_type = 'walsender' AND query LIKE '%active_pid%'"
            )
        )

    seen: set[tuple] = set()
    wait_until(lambda: seen.update(looks()) or len(seen) >= 4, "four looks")
    assert len({pid for pid, _ in seen}) == 1
    log = pair.postgres.log.read_text()
    assert "ERROR" not in log, log


def test_the_end_of_the_stream_while_nothing_is_read(pair: Pair) -> None:
    """The budget is used and Kafka does not answer: that the stream is over is
    noticed all the same, and what is in flight given up before another one."""
    relay = pair.streaming_relay("-X", "relay.inflight_bytes=64kB")
    pair.number(1)
    pair.wait_published(1)
    with pair.kafka.frozen():
        pair.number(1000)
        pair.end_stream()
        wait_until(lambda: relay.log().count("msg=streaming") == 2, "another stream")
        messages = relay.messages()
        given_up = messages.index(
            "what Kafka has not acknowledged is given up, and comes again"
        )
        assert messages[given_up:].count("streaming") == 1, relay.log()
    pair.wait_all_confirmed()
    assert pair.verdict().is_kept()


def test_the_end_without_postgres(pair: Pair) -> None:
    """The budget is used and both are away: SIGTERM ends it at once, since there
    is nothing left to wait for."""
    relay = pair.streaming_relay(
        "-X", "relay.inflight_bytes=64kB", "-X", "relay.shutdown_timeout=10min"
    )
    pair.number(1)
    pair.wait_published(1)
    with pair.kafka.frozen():
        pair.number(1000)
        pair.db.close()
        pair.postgres.kill()
        relay.wait_for_log("what Kafka has not acknowledged is given up")
        assert relay.terminate() == 0
    pair.postgres.start()
    pair.reconnect()
    pair.streaming_relay()
    pair.wait_all_confirmed()
    assert pair.verdict().is_kept()


def test_the_end_without_confirmation(pair: Pair) -> None:
    """All is delivered, and PostgreSQL cannot be told: no failure, but said."""
    relay = pair.proxied_relay()
    pair.publish_the_first()
    with pair.kafka.frozen():
        pair.number(1)
        pair.wait_read()
        pair.postgres_proxy.set_mode("swallow")
    pair.wait_published(2)
    assert relay.terminate() == 0
    assert "not all that is in Kafka was confirmed" in relay.log()


def test_losing_postgres_alone_repeats_nothing(pair: Pair) -> None:
    """What Kafka acknowledges within a second of it counts.  A machine that is
    slower than that may give up some; then it is tried again."""
    relay = pair.streaming_relay(*STATUS_OFTEN)
    pair.number(1)
    pair.wait_published(1)
    for _ in range(10):
        before = pair.verdict().repeated
        given_up = relay.log().count("is given up")
        lost = relay.log().count("waiting for PostgreSQL")
        with pair.kafka.frozen():
            pair.number(10)
            pair.wait_read()
            pair.end_stream()
            wait_until(
                lambda n=lost: relay.log().count("waiting for PostgreSQL") > n, "loss"
            )
        pair.wait_all_confirmed()
        if relay.log().count("is given up") == given_up:
            break
    else:
        raise AssertionError(relay.log())
    verdict = pair.verdict()
    assert verdict.is_kept() and verdict.repeated == before, verdict


def silences(relay: Relay, since: int) -> list[float]:
    """The times between two statuses, in s, in ascending order."""
    times = [
        time.mktime(time.strptime(fields["ts"][:19], "%Y-%m-%dT%H:%M:%S"))
        + float(fields["ts"][19:-1])
        for fields in map(parse_logfmt, relay.lines[since:])
        if fields.get("msg") == "status"
    ]
    return sorted(b - a for a, b in itertools.pairwise(times))


def test_frozen_kafka_does_not_stop_the_loop(own_outbox: Outbox) -> None:
    """Many topics wait for a broker that does not answer, and the budget is used:
    statuses go out four times in wal_sender_timeout all the same."""
    outbox = own_outbox
    set_sender_timeout(outbox, "2s")
    outbox.create_slot()
    topics = [f"{outbox.topic}.{n}" for n in range(6)]
    relay = outbox.streaming_relay(
        "-X", "log.level=debug", "-X", "relay.inflight_bytes=64kB",
        "-X", "outbox.topic=${aggregate_type}.events.${event_type}",
    )

    def add() -> None:
        for n in range(len(topics)):
            outbox.db.execute(
                "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
                " VALUES (%s, 'k', %s, '1')",
                (outbox.aggregate_type, str(n)),
            )

    def statuses(since: int) -> int:
        return sum("msg=status" in line for line in relay.lines[since:])

    add()
    for topic in topics:
        wait_until(lambda t=topic: outbox.kafka.count(t) == 1, topic)
    since = len(relay.lines)
    wait_until(lambda: statuses(since) >= 10, "ten statuses")
    usual = silences(relay, since)
    # Half a second is meant; the server asks by itself after one.
    assert usual[len(usual) // 2] < 0.75, usual
    with outbox.kafka.frozen():
        add()
        outbox.add_many(200)
        since = len(relay.lines)
        wait_until(lambda: statuses(since) >= 30, "thirty statuses")
        frozen = silences(relay, since)
    # A look that was waited for took a second.
    assert frozen[-1] < max(0.95, 2 * usual[-1]), relay.log()
    outbox.wait_all_confirmed()
    assert relay.log().count("streaming") == 1
    assert "replication timeout" not in outbox.postgres.log.read_text()
