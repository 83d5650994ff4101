"""A consumer whose effect is exactly once, however often an event comes.

    python consumer.py by-id|by-position BROKERS TOPIC GROUP CONNINFO

What was seen is noted in the transaction of the effect, so both are there or none is, whatever
dies and when.  Kafka's offset is committed after that, and only says where to begin again.
"""

import sys

import psycopg
from confluent_kafka import Consumer, KafkaException, Message

# Each says with its number of rows whether the event is new; a second consumer that still has the
# partition waits here for the first one's commit.
BY_ID = "INSERT INTO processed (id) VALUES (%s) ON CONFLICT DO NOTHING"
BY_POSITION = """
    INSERT INTO progress (topic, partition, position) VALUES (%s, %s, %s)
    ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position
    WHERE progress.position < excluded.position"""

EFFECT = """
    INSERT INTO event_count (key, events) VALUES (%s, 1)
    ON CONFLICT (key) DO UPDATE SET events = event_count.events + 1"""


def header(message: Message, name: str) -> str:
    """A header that each event has."""
    return dict(message.headers())[name].decode()


def is_new(transaction: psycopg.Cursor, message: Message, way: str) -> bool:
    """Notes an event; tells whether it was not noted before."""
    if way == "by-id":
        transaction.execute(BY_ID, (header(message, "id"),))
    else:
        place = (message.topic(), message.partition(), header(message, "position"))
        transaction.execute(BY_POSITION, place)
    return transaction.rowcount == 1


def process(database: psycopg.Connection, message: Message, way: str) -> None:
    with database.transaction(), database.cursor() as transaction:
        if is_new(transaction, message, way):
            transaction.execute(EFFECT, (message.key().decode(),))


def main(way: str, brokers: str, topic: str, group: str, conninfo: str) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            # One that died is missed after so many ms: the least that a broker takes.
            "session.timeout.ms": 6000,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([topic])
    with psycopg.connect(conninfo, autocommit=True) as database:
        while True:
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error():
                if message.error().fatal():
                    raise KafkaException(message.error())
                print(message.error(), file=sys.stderr)
                continue
            process(database, message, way)
            consumer.commit(message, asynchronous=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
