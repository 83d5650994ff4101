"""What the relay shows over HTTP is what it really does."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from conftest import Outbox
from harness.http import Http
from harness.kafka import Kafka, Record
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until

BAD_TOPIC = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " VALUES ('no topic', 'k', 'e', '{}')"
)


def size(record: Record) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


@pytest.fixture
def http() -> Http:
    return Http()


@pytest.fixture
def relay(outbox: Outbox, http: Http) -> Relay:
    """A relay that streams and is watched."""
    outbox.create_slot()
    return outbox.streaming_relay(*http.arguments)


def run_refused(outbox: Outbox, *arguments: str) -> tuple[int, str]:
    """The exit status and what a relay says that does not start."""
    done = subprocess.run(
        [BINARY, "run", "-d", outbox.conninfo, "-b", outbox.kafka.brokers,
         "--slot", outbox.slot, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )
    return done.returncode, done.stderr


# While it streams.


def test_counters_are_what_was_published(outbox: Outbox, http: Http, relay: Relay) -> None:
    for n in range(20):
        outbox.add(f"k{n % 7}")
    with outbox.db.transaction():
        outbox.add("k1", '{"a": "ä"}')
        outbox.add("k2", "[]")
    outbox.wait_all_confirmed()
    records = outbox.kafka.read(outbox.topic)
    metrics = http.metrics()
    assert metrics['pg_outbox_events_total{outcome="published"}'] == len(records) == 22
    assert metrics['pg_outbox_events_total{outcome="dead_letter"}'] == 0
    assert metrics['pg_outbox_events_total{outcome="skipped"}'] == 0
    assert metrics["pg_outbox_published_bytes_total"] == sum(map(size, records))
    assert metrics["pg_outbox_transactions_total"] == 21
    assert metrics[f'pg_outbox_topic_events_total{{topic="{outbox.topic}"}}'] == 22
    assert metrics["pg_outbox_publish_latency_seconds_count"] == 22
    assert metrics['pg_outbox_publish_latency_seconds_bucket{le="+Inf"}'] == 22
    assert metrics["pg_outbox_streaming"] == 1
    assert metrics["pg_outbox_kafka_up"] == 1
    assert metrics["pg_outbox_in_flight_events"] == 0
    assert metrics["pg_outbox_in_flight_bytes"] == 0
    assert metrics["pg_outbox_lag_seconds"] == 0
    assert metrics["pg_outbox_postgres_connects_total"] == 1
    assert metrics["pg_outbox_producer_restarts_total"] == 0


def test_positions_are_those_of_the_slot(outbox: Outbox, http: Http, relay: Relay) -> None:
    outbox.add_many(10)
    outbox.wait_all_confirmed()

    def agree() -> bool:
        confirmed = outbox.db.execute(
            "SELECT confirmed_flush_lsn - '0/0' FROM pg_replication_slots WHERE slot_name = %s",
            (outbox.slot,),
        ).fetchone()[0]
        return http.metric("confirmed_lsn") == confirmed

    wait_until(agree, "the metric equals the slot's position")
    retained = wait_until(
        lambda: http.metrics().get("pg_outbox_slot_retained_wal_bytes"), "the slot asked for"
    )
    [really] = outbox.db.execute(
        "SELECT pg_current_wal_lsn() - restart_lsn FROM pg_replication_slots"
        " WHERE slot_name = %s",
        (outbox.slot,),
    ).fetchone()
    assert retained <= really
    assert http.metrics()['pg_outbox_slot_wal_status{status="reserved"}'] == 1


def test_latency_is_from_commit_also_where_a_column_is_the_timestamp(
    outbox: Outbox, http: Http
) -> None:
    """The record's timestamp is of 2001, its latency is not 25 years."""
    outbox.db.execute("ALTER TABLE outbox ADD COLUMN at bigint DEFAULT 1000000000000")
    outbox.create_slot()
    outbox.streaming_relay(*http.arguments, "-X", "outbox.timestamp=at")
    outbox.add()
    [record] = outbox.wait_published(1)
    assert record.timestamp == 1_000_000_000_000
    outbox.wait_all_confirmed()
    metrics = http.metrics()
    assert metrics["pg_outbox_publish_latency_seconds_count"] == 1
    assert metrics["pg_outbox_publish_latency_seconds_sum"] < 3600


def test_metrics_are_clean_for_promtool(http: Http, relay: Relay) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=http.ask("/metrics").body, capture_output=True, text=True, check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_topics_behind_the_limit_are_one(outbox: Outbox, http: Http) -> None:
    outbox.create_slot()
    outbox.streaming_relay(*http.arguments, "-X", "http.metrics_topics=1")
    outbox.add()
    outbox.wait_all_confirmed()
    kind = outbox.aggregate_type
    for n in range(3):
        outbox.aggregate_type = f"{kind}-{n}"
        outbox.add()
    outbox.wait_all_confirmed()
    topics = {name: n for name, n in http.metrics().items() if "topic_events" in name}
    assert topics == {
        f'pg_outbox_topic_events_total{{topic="{kind}.events"}}': 1,
        'pg_outbox_topic_events_total{topic=""}': 3,
    }


def test_status_has_it_all_and_no_secret(outbox: Outbox, http: Http) -> None:
    outbox.create_slot()
    outbox.streaming_relay(
        *http.arguments, "-X", "kafka.ssl.key.password=hush", "-X", "postgres.password=hush"
    )
    outbox.add("k", '{"content": "of an event"}')
    outbox.wait_all_confirmed()
    wait_until(lambda: http.status()["samples"]["time"], "a sample")
    answer = http.ask("/status.json")
    assert "hush" not in answer.body and "of an event" not in answer.body
    status = http.status()
    assert status["relay"]["state"] == "streaming" and status["relay"]["ready"]
    assert status["totals"]["published"] == 1
    assert status["settings"]["postgres"]["password"] == "***"
    assert status["settings"]["kafka"]["ssl.key.password"] == "***"
    [topic] = status["topics"]
    assert (topic["topic"], topic["events"]) == (outbox.topic, 1)
    assert {len(series) for series in status["samples"].values()} == {
        len(status["samples"]["time"])
    }
    since = status["samples"]["time"][-1]
    assert all(t > since for t in _samples(http, since)["time"])


def _samples(http: Http, since: int) -> dict:
    return json.loads(http.ask(f"/status.json?since={since}").body)["samples"]


def test_slot_is_not_asked_for_with_an_interval_of_0(outbox: Outbox, http: Http) -> None:
    outbox.create_slot()
    outbox.streaming_relay(*http.arguments, "-X", "http.slot_interval=0s")
    outbox.add()
    outbox.wait_all_confirmed()
    assert not [name for name in http.metrics() if "slot" in name]
    assert http.status()["slot"] is None


# When something is away.


def test_kafka_away(scratch: Scratch, outbox: Outbox, http: Http) -> None:
    """kafka_up says it at once, ready only once an event has waited too long."""
    kafka = outbox.kafka = Kafka(scratch, f"kafka_{outbox.dbname}").start()
    try:
        outbox.create_slot()
        outbox.streaming_relay(*http.arguments, "-X", "http.stall_timeout=2s")
        outbox.add()
        outbox.wait_all_confirmed()
        kafka.kill()
        wait_until(lambda: http.metric("kafka_up") == 0, "Kafka noticed to be away")
        assert http.is_ready(), "nothing waits"
        outbox.add()
        wait_until(lambda: not http.is_ready(), "not ready")
        assert http.metric("in_flight_events") == 1
        assert http.metric("lag_seconds") > 2
        assert "waiting for Kafka" in http.ask("/readyz").body
        assert "Waiting for Kafka" in http.status()["relay"]["sentence"]
        kafka.start()
        wait_until(http.is_ready, "ready again")
        outbox.wait_all_confirmed()
        assert http.metric("kafka_up") == 1
        assert http.metric("in_flight_events") == 0
    finally:
        kafka.kill()


def test_kafka_comes_back_while_nothing_is_to_be_delivered(
    scratch: Scratch, outbox: Outbox, http: Http
) -> None:
    """No event has to be risked to learn that it is there again."""
    kafka = outbox.kafka = Kafka(scratch, f"kafka_{outbox.dbname}").start()
    try:
        outbox.create_slot()
        relay = outbox.streaming_relay(*http.arguments)
        outbox.add()
        outbox.wait_all_confirmed()
        kafka.kill()
        wait_until(lambda: http.metric("kafka_up") == 0, "Kafka noticed to be away")
        kafka.start()
        wait_until(lambda: http.metric("kafka_up") == 1, "Kafka noticed to be back")
        relay.wait_for_log("Kafka answers again")
        assert http.status()["relay"]["sentence"].startswith("Streaming. All")
    finally:
        kafka.kill()


def test_kafka_hangs_without_closing(scratch: Scratch, outbox: Outbox, http: Http) -> None:
    kafka = outbox.kafka = Kafka(scratch, f"kafka_{outbox.dbname}").start()
    try:
        outbox.create_slot()
        outbox.streaming_relay(*http.arguments, "-X", "http.stall_timeout=2s")
        outbox.add()
        outbox.wait_all_confirmed()
        with kafka.frozen():
            outbox.add()
            wait_until(lambda: not http.is_ready(), "not ready")
            assert http.ask("/livez").status == 200
        wait_until(http.is_ready, "ready again")
    finally:
        kafka.kill()


def test_postgres_away(own_outbox: Outbox, http: Http) -> None:
    own_outbox.create_slot()
    own_outbox.streaming_relay(*http.arguments)
    wait_until(
        lambda: "pg_outbox_slot_retained_wal_bytes" in http.metrics(), "the slot asked for"
    )
    own_outbox.db.close()
    own_outbox.postgres.stop("fast")
    wait_until(lambda: not http.is_ready(), "not ready")
    assert re.match("Waiting for PostgreSQL for .*", http.ask("/readyz").body)
    metrics = http.metrics()
    assert metrics["pg_outbox_streaming"] == 0
    wait_until(
        lambda: "pg_outbox_slot_retained_wal_bytes" not in http.metrics(),
        "what the server said is forgotten",
    )
    own_outbox.postgres.start()
    wait_until(http.is_ready, "ready again")
    assert http.metric("postgres_connects_total") == 2
    own_outbox.reconnect()


@contextmanager
def sending_nothing(outbox: Outbox) -> Iterator[None]:
    """From version 17 on the server waits for a standby that is not there; before that
    its walsender is stopped."""
    if outbox.db.info.server_version < 170000:
        walsender = outbox.slot_row("active_pid")
        os.kill(walsender, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(walsender, signal.SIGCONT)
        return
    standby = f"{outbox.slot}_standby"
    outbox.db.execute("SELECT pg_create_physical_replication_slot(%s)", (standby,))
    outbox.db.execute(f"ALTER SYSTEM SET synchronized_standby_slots = {standby}")
    outbox.db.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        outbox.db.execute("ALTER SYSTEM RESET synchronized_standby_slots")
        outbox.db.execute("SELECT pg_reload_conf()")
        outbox.db.execute("SELECT pg_drop_replication_slot(%s)", (standby,))


def test_postgres_sends_nothing(outbox: Outbox, http: Http) -> None:
    """Connected, answering, and still."""
    failover = ["--failover"] if outbox.db.info.server_version >= 170000 else []
    outbox.pg_outbox("create-slot", *failover)
    relay = outbox.streaming_relay(
        *http.arguments, "-X", "http.slot_interval=1s", "-X", "http.stall_timeout=1s"
    )
    outbox.add()
    outbox.wait_all_confirmed()
    with sending_nothing(outbox):
        outbox.db.execute("CREATE TABLE noise AS SELECT repeat('x', 1000) FROM generate_series(1, 9999)")
        outbox.add()
        wait_until(lambda: not http.is_ready(), "not ready")
        assert re.match(
            "Stalled: PostgreSQL has sent nothing for .* s, though .* bytes of WAL wait",
            http.ask("/readyz").body,
        )
        assert http.metric("silent_seconds") > 1
        relay.wait_for_log("PostgreSQL sends nothing, though WAL waits")
    outbox.wait_all_confirmed()
    wait_until(http.is_ready, "ready again")
    assert http.metric("silent_seconds") == 0


def test_standing_by(outbox: Outbox, http: Http, relay: Relay) -> None:
    second = Http()
    standby = outbox.relay(*second.arguments)
    standby.wait_for_log("standing by")
    assert second.is_ready()
    assert second.metric("standing_by") == 1 and second.metric("streaming") == 0
    assert re.search(r"(?i)Standing by: .*pid \d+", second.status()["relay"]["sentence"])
    relay.kill()
    wait_until(lambda: second.metric("streaming") == 1, "taken over")


# Events that cannot be published.


def test_held(outbox: Outbox, http: Http, relay: Relay) -> None:
    outbox.db.execute(BAD_TOPIC)
    wait_until(lambda: not http.is_ready(), "not ready")
    assert http.metric("held") == 1
    assert "topic is not a legal name" in http.ask("/readyz").body
    assert http.status()["relay"]["state"] == "held"


@pytest.mark.parametrize("outcome", ["dead_letter", "skipped"])
def test_what_became_of_it(outbox: Outbox, http: Http, outcome: str) -> None:
    outbox.create_slot()
    action = outcome.replace("_", "-").removesuffix("ped")
    dead = f"{outbox.topic}.dead"
    outbox.streaming_relay(
        *http.arguments, "-X", f"relay.on_error={action}", "-X", f"relay.dead_letter_topic={dead}"
    )
    outbox.db.execute(BAD_TOPIC)
    outbox.add()
    outbox.wait_all_confirmed()
    metrics = http.metrics()
    assert metrics[f'pg_outbox_events_total{{outcome="{outcome}"}}'] == 1
    assert metrics['pg_outbox_events_total{outcome="published"}'] == 1
    assert metrics["pg_outbox_publish_latency_seconds_count"] == 1
    assert f'pg_outbox_topic_events_total{{topic="{dead}"}}' not in metrics
    assert metrics['pg_outbox_log_messages_total{level="warning"}'] >= 1
    assert http.status()["log"], "the warning is kept"


# What a client may do.


def test_only_reading_is_allowed(http: Http, relay: Relay) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = http.ask("/metrics", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    head = http.ask("/metrics", "HEAD")
    assert (head.status, head.body) == (200, "")


def test_unknown_path_names_those_there_are(http: Http, relay: Relay) -> None:
    answer = http.ask("/health")
    assert answer.status == 404
    for path in ("/metrics", "/livez", "/readyz", "/status.json"):
        assert path in answer.body


def test_nothing_from_elsewhere_is_loaded(http: Http, relay: Relay) -> None:
    answer = http.ask("/")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "//" not in answer.body


def connect(http: Http) -> socket.socket:
    return socket.create_connection(("127.0.0.1", http.port), 30)


def test_a_request_line_of_a_megabyte(http: Http, relay: Relay) -> None:
    with connect(http) as client:
        try:
            client.sendall(b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n\r\n")
            answer = client.recv(100)
        except ConnectionError:
            answer = b""
    assert not answer or re.match(rb"HTTP/1.1 4\d\d", answer)
    assert http.is_ready()


def test_a_thousand_connections_at_once(http: Http, relay: Relay) -> None:
    """The relay holds few of them, and answers all that ask."""
    before = len(os.listdir(f"/proc/{relay.pid}/fd"))
    answers = []

    def ask() -> None:
        with connect(http) as client:
            client.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
            answers.append(client.recv(15))

    threads = [threading.Thread(target=ask) for _ in range(1000)]
    for thread in threads:
        thread.start()
    assert len(os.listdir(f"/proc/{relay.pid}/fd")) <= before + 21
    for thread in threads:
        thread.join(60)
    assert answers == [b"HTTP/1.0 200 OK"] * 1000 or answers == [b"HTTP/1.1 200 OK"] * 1000


def test_slow_clients_are_hung_up_on(http: Http, relay: Relay) -> None:
    """As many as there may be, each with a byte now and then: others wait, but
    not for ever."""
    stop = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(http)) for _ in range(20)]

        def drip() -> None:
            while not stop.wait(0.5):
                for client in clients:
                    with suppress(OSError):  # hung up on
                        client.send(b"G")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert http.ask("/livez").status == 200
        finally:
            stop.set()
            dripping.join()


def test_clients_that_never_read_hold_nothing_up(
    outbox: Outbox, http: Http, relay: Relay
) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            client = stack.enter_context(connect(http))
            client.sendall(b"GET /status.json HTTP/1.1\r\nHost: x\r\n\r\n")
        outbox.add()
        outbox.wait_published(1)
        assert http.is_ready()


# Where it cannot listen.


@pytest.mark.parametrize("listen", ["9464", "localhost", "localhost:", "h:99999", "::1:80"])
def test_malformed_listen(outbox: Outbox, listen: str) -> None:
    status, message = run_refused(outbox, "-X", f"http.listen={listen}")
    assert status == 2
    assert "HOST:PORT" in message and listen in message


def test_unknown_host(outbox: Outbox) -> None:
    status, message = run_refused(outbox, "-X", "http.listen=host.invalid:9464")
    assert status == 2
    assert '"host.invalid"' in message


def test_two_relays_with_one_port(outbox: Outbox, http: Http, relay: Relay) -> None:
    status, message = run_refused(outbox, *http.arguments)
    assert status == 1
    assert f"{http.listen}: Address already in use" in message
    assert http.is_ready()


# systemd.


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """The socket of a service manager that asks for a sign of life."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(60)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    return manager


def wait_for(manager: socket.socket, *wanted: str) -> list[str]:
    """Reads until each of these has come, and returns all that came."""
    seen: list[str] = []

    def have_come() -> bool:
        if all(any(text.startswith(prefix) for text in seen) for prefix in wanted):
            return True
        seen.append(manager.recv(4096).decode())
        return False

    wait_until(have_come, f"{wanted} notified")
    return seen


def test_systemd_is_notified(outbox: Outbox, notified: socket.socket) -> None:
    outbox.create_slot()
    relay = outbox.relay()
    seen = wait_for(notified, "READY=1", "STATUS=Streaming", "WATCHDOG=1")
    assert seen[0] != "READY=1" or "STATUS=Connecting" not in "".join(seen[1:])
    standby = outbox.relay()
    wait_for(notified, "READY=1", "STATUS=Standing by")
    standby.kill()
    relay.signal(signal.SIGTERM)
    wait_for(notified, "STOPPING=1")
    assert relay.wait() == 0


def test_systemd_starts_no_held_relay_over(outbox: Outbox, notified: socket.socket) -> None:
    """One that is not READY in time is killed, and repeats what it has published."""
    outbox.create_slot()
    outbox.db.execute(BAD_TOPIC)
    outbox.relay()
    wait_for(notified, "READY=1", "STATUS=Held", "WATCHDOG=1")
