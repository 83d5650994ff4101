"""Whatever dies, and whenever: nothing is lost, nothing is reordered."""

import itertools
import signal
import threading

import psycopg
from conftest import ADD, Outbox
from harness.kafka import Record
from harness.receiver import memory_kb
from harness.wait import wait_until
from test_publish import by_key, numbers

# The server learns soon how far the relay has read, confirmed or not.
STATUS_OFTEN = ("-X", "relay.status_interval=100ms")


def first_occurrences(seen: list[int]) -> list[int]:
    return list(dict.fromkeys(seen))


def assert_replays_only(records: list[Record], count: int, keys: int) -> None:
    """All is there; what is there twice is a replay from an earlier position."""
    published = by_key(records)
    assert len(published) == keys
    for key, seen in published.items():
        assert first_occurrences(seen) == [
            n for n in range(count) if f"k{n % keys}" == key
        ]
        for before, after in itertools.pairwise(seen):
            # Forward one step, or back to where a replay begins.
            assert after == before + keys or after <= before


def test_kill_between_produce_and_confirm(outbox: Outbox) -> None:
    """The relay has handed events over and dies before Kafka acknowledged them."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    relay = outbox.streaming_relay(*STATUS_OFTEN)
    outbox.add_many(100, keys=5)
    outbox.wait_published(100)
    outbox.wait_all_confirmed()

    with outbox.kafka.frozen():
        outbox.add_many(1, keys=5, start=100)
        first = outbox.wal_end()
        outbox.add_many(399, keys=5, start=101)
        outbox.wait_read()
        assert not outbox.is_confirmed(first)
        relay.kill()
    assert not outbox.is_confirmed(first)

    outbox.streaming_relay()
    outbox.wait_all_confirmed()
    assert_replays_only(outbox.kafka.read(outbox.topic), 500, 5)


def test_kill_again_and_again(outbox: Outbox) -> None:
    """kill -9 at any moment under load."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)

    def write() -> None:
        with psycopg.connect(outbox.conninfo, autocommit=True) as connection:
            for n in range(5000):
                connection.execute(ADD, (outbox.aggregate_type, f"k{n % 7}", str(n)))

    writer = threading.Thread(target=write)
    writer.start()
    kills = 0
    while writer.is_alive():
        relay = outbox.streaming_relay()
        published = outbox.kafka.count(outbox.topic)
        wait_until(
            lambda p=published: outbox.kafka.count(outbox.topic) > p
            or not writer.is_alive(),
            "some published",
        )
        relay.kill()
        kills += 1
    writer.join()
    assert kills > 1
    outbox.streaming_relay()
    outbox.wait_all_confirmed()
    assert_replays_only(outbox.kafka.read(outbox.topic), 5000, 7)


def test_nothing_is_confirmed_while_kafka_is_away(outbox: Outbox) -> None:
    """Neither by an event in flight nor by what comes after it."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    outbox.streaming_relay(*STATUS_OFTEN)
    outbox.add("k0", "0")
    outbox.wait_published(1)
    outbox.wait_all_confirmed()
    with outbox.kafka.frozen():
        outbox.add("k0", "1")
        end = outbox.wal_end()
        outbox.db.execute("CREATE TABLE irrelevant AS SELECT generate_series(1, 10000)")
        outbox.wait_read()
        assert not outbox.is_confirmed(end)
    outbox.wait_all_confirmed()
    assert numbers(outbox.kafka.read(outbox.topic)) == [0, 1]


def test_sigterm_confirms_all(outbox: Outbox) -> None:
    """What was delivered before an orderly end is not published again."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    relay = outbox.streaming_relay()
    outbox.add_many(2000, keys=3)
    outbox.wait_published(1)
    assert relay.terminate() == 0
    relay = outbox.streaming_relay()
    outbox.wait_published(2000)
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    records = outbox.kafka.read(outbox.topic)
    assert by_key(records) == {f"k{k}": list(range(k, 2000, 3)) for k in range(3)}


def test_sigterm_delivers_what_is_in_flight(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    relay = outbox.streaming_relay(*STATUS_OFTEN)
    outbox.add("k0", "0")
    outbox.wait_published(1)
    with outbox.kafka.frozen():
        outbox.add("k0", "1")
        end = outbox.wal_end()
        outbox.wait_read()
        relay.signal(signal.SIGINT)
        relay.wait_for_log("stopping")
        assert relay.running()
    assert relay.wait() == 0
    assert numbers(outbox.kafka.read(outbox.topic)) == [0, 1]
    assert outbox.is_confirmed(end), relay.log()


def test_the_time_to_stop_is_bounded(outbox: Outbox) -> None:
    """Kafka does not answer: the end comes all the same, and nothing is lost."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    relay = outbox.streaming_relay(
        "-X", "relay.shutdown_timeout=300ms", *STATUS_OFTEN
    )
    outbox.add("k0", "0")
    outbox.wait_published(1)
    outbox.wait_all_confirmed()
    with outbox.kafka.frozen():
        outbox.add("k0", "1")
        end = outbox.wal_end()
        outbox.wait_read()
        assert relay.terminate() == 1
        assert "not all was delivered in time" in relay.log()
        assert not outbox.is_confirmed(end)
    outbox.streaming_relay()
    outbox.wait_all_confirmed()
    assert first_occurrences(numbers(outbox.kafka.read(outbox.topic))) == [0, 1]


def test_idle_database_advances_the_slot(outbox: Outbox) -> None:
    """WAL of other tables is not retained, whether an event ever comes or not."""
    outbox.create_slot()
    outbox.streaming_relay()
    for n in range(5):
        outbox.db.execute(f"CREATE TABLE t{n} AS SELECT generate_series(1, 1000) n")
        outbox.db.execute(f"UPDATE t{n} SET n = 0")
        outbox.wait_all_confirmed()
    outbox.add()
    outbox.wait_all_confirmed()
    outbox.db.execute("DELETE FROM outbox")
    outbox.wait_all_confirmed()
    assert len(outbox.wait_published(1)) == 1


def test_second_relay_stands_by(outbox: Outbox) -> None:
    """Of two relays one works, and the other takes over."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    first = outbox.streaming_relay()
    second = outbox.relay()
    second.wait_for_log("standing by")
    outbox.add_many(50)
    outbox.wait_published(50)
    outbox.wait_all_confirmed()
    first.kill()
    second.wait_for_log("streaming")
    outbox.add_many(50, start=50)
    outbox.wait_published(100)
    outbox.wait_all_confirmed()
    assert numbers(outbox.kafka.read(outbox.topic)) == list(range(100))


def test_postgres_restarts(own_outbox: Outbox) -> None:
    """Fast: ends promptly with a relay attached.  The relay goes on by itself,
    and repeats nothing, unless another relay had the time to publish."""
    outbox = own_outbox
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    relay = outbox.streaming_relay()
    outbox.add_many(100, keys=3)
    for start, mode in ((100, "fast"), (200, "immediate")):
        outbox.db.close()
        # pg_ctl gives up, and fails, if the relay holds the server up.
        outbox.postgres.stop(mode, timeout=20)
        relay.wait_for_log("waiting for PostgreSQL")
        outbox.postgres.start()
        outbox.reconnect()
        outbox.add_many(100, keys=3, start=start)
        outbox.wait_published(start + 100)
        outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    published = by_key(outbox.kafka.read(outbox.topic))
    expected = {f"k{k}": list(range(k, 300, 3)) for k in range(3)}
    if "another relay may have published" in relay.log():
        assert {key: numbers[-1] for key, numbers in published.items()} == {
            "k0": 297, "k1": 298, "k2": 299
        }
        published = {key: list(dict.fromkeys(n)) for key, n in published.items()}
    assert published == expected


def test_a_keepalive_confirms_nothing(own_outbox: Outbox) -> None:
    """With synchronous replication the server sends one for each transaction
    without events, and so ahead of lines that are still gathered."""
    outbox = own_outbox
    outbox.postgres.configure("synchronous_standby_names = 'somebody'")
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    outbox.db.execute("SELECT pg_reload_conf()")
    outbox.db.execute("SET synchronous_commit = local")
    outbox.db.execute("CREATE TABLE other (n int)")
    for n in range(200):
        outbox.add("k", str(n))
        outbox.db.execute("INSERT INTO other VALUES (1)")
    outbox.relay()
    outbox.wait_published(200)
    outbox.wait_all_confirmed()
    assert numbers(outbox.kafka.read(outbox.topic)) == list(range(200))


def test_memory_is_bounded_while_kafka_is_away(outbox: Outbox) -> None:
    """Nothing more is read once the budget is used; then all of it comes."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    events = 100_000
    relay = outbox.streaming_relay()
    with outbox.kafka.frozen():
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            " SELECT %s, n %% 7, 'e', to_jsonb(n) FROM generate_series(1, %s) n",
            (outbox.aggregate_type, events),
        )
        outbox.db.execute(
            "DO $$ BEGIN FOR n IN 1 .. 20000 LOOP"
            " INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            f" VALUES ('{outbox.aggregate_type}', n % 7, 'e', '0'); COMMIT; END LOOP; END $$"
        )
        samples: list[int] = []

        def grows_no_more() -> bool:
            samples.append(memory_kb(relay.pid))
            return len(samples) > 100 and samples[-1] == samples[-50]

        wait_until(grows_no_more, "memory that does not grow")
        assert max(samples) < 64 * 1024
    outbox.wait_all_confirmed()
    assert outbox.kafka.count(outbox.topic) == events + 20000
