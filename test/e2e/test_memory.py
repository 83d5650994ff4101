"""What Kafka has not acknowledged takes no more memory than inflight_bytes, whatever
it is made of; and not much less, or the setting would not mean anything."""

import pytest
from conftest import Outbox
from harness.receiver import memory_kb
from harness.relay import Relay
from harness.wait import wait_until

BUDGET = 16 * 1024

# Beside what the budget is for, in kB: the messages of PostgreSQL that are being
# read, the table of transactions, and what the allocator keeps.
CONSTANT = 4 * 1024


def wait_until_it_reads_no_more(relay: Relay, outbox: Outbox) -> None:
    """The position that it tells to have read stays, over statuses at 10 a second."""
    seen: list[tuple[int, str]] = []

    def stays() -> bool:
        statuses = relay.messages().count("status")
        if not seen or statuses > seen[-1][0]:
            [position] = outbox.db.execute(
                "SELECT write_lsn FROM pg_stat_replication"
                " JOIN pg_replication_slots ON active_pid = pid WHERE slot_name = %s",
                (outbox.slot,),
            ).fetchone()
            seen.append((statuses, position))
        return len(seen) > 20 and len({position for _, position in seen[-20:]}) == 1

    wait_until(stays, "it reads no more")


@pytest.mark.parametrize(
    ("key", "payload", "headers", "count"),
    [
        pytest.param("'k'", "'1'", "'{}'", 100_000, id="tiny"),
        pytest.param("repeat('k', 2000)", "'1'", "'{}'", 20_000, id="keys"),
        pytest.param("'k'", "to_jsonb(repeat('p', 2000))", "'{}'", 20_000, id="values"),
        pytest.param(
            "'k'", "'1'", "jsonb_build_object('h', repeat('x', 8000))", 8_000, id="large headers"
        ),
        pytest.param(
            "'k'", "'1'",
            "(SELECT jsonb_object_agg('h' || i, 'x') FROM generate_series(1, 60) i)", 10_000,
            id="many headers",
        ),
    ],
)
def test_in_flight(outbox: Outbox, key: str, payload: str, headers: str, count: int) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.db.execute("ALTER TABLE outbox ADD headers jsonb, ALTER aggregate_id TYPE text")
    relay = outbox.streaming_relay(
        "-X", "outbox.headers=id,headers:*", "-X", "relay.inflight_bytes=16MB",
        "-X", "relay.status_interval=100ms", "-X", "log.level=debug",
    )
    # Behind the first one, which goes alone, as many go as there is room for.
    outbox.add()
    outbox.wait_all_confirmed()
    before = memory_kb(relay.pid)
    with outbox.kafka.frozen():
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, headers)"
            f" SELECT %s, {key}, 'e', {payload}, {headers} FROM generate_series(1, %s)",
            (outbox.aggregate_type, count),
        )
        wait_until_it_reads_no_more(relay, outbox)
        taken = memory_kb(relay.pid) - before
        relay.kill()
    print(f"{taken} kB for {BUDGET} kB")
    assert BUDGET * 0.7 < taken < BUDGET + CONSTANT
