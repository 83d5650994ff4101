"""Connectors of test/import with rows that the Event Router routes, and the
records that it made of them (test/takeover/records.json)."""

import base64
import json
from dataclasses import dataclass

from .kafka import Kafka, Record
from .process import ROOT
from .wait import wait_until

FOLDER = ROOT / "test" / "import"
RECORDS = ROOT / "test" / "takeover" / "records.json"

_ID = "59a42efd-b015-44a9-9dde-cb36d9002425"

_DEFAULT = """
CREATE TABLE {table} (id uuid NOT NULL DEFAULT gen_random_uuid(),
    aggregatetype varchar(255) NOT NULL, aggregateid varchar(255),
    type varchar(255) DEFAULT 'UserCreated', payload jsonb);
"""


@dataclass(frozen=True)
class Case:
    """A connector, and rows for it.  No two publish to one topic."""

    connector: str
    topics: dict[str, int]  # with the records in each
    tables: str
    rows: str
    # Where the value is not compared: import says that it changes.
    same_value: bool = True
    is_json: bool = False  # the same but for white space
    has_timestamp: bool = False

    @property
    def name(self) -> str:
        return self.connector.removesuffix(".json")

    def config(self) -> dict[str, str]:
        document = json.loads((FOLDER / self.connector).read_text())
        return document.get("config", document)


CASES = [
    Case(
        "default.json", {"outbox.event.default-User": 4}, _DEFAULT.format(table="outboxevent"),
        f"""INSERT INTO outboxevent VALUES
        ('{_ID}', 'default-User', '10711fa5', 'UserCreated', '{{"email": "gh@mefi.in"}}'),
        ('{_ID}', 'default-User', 'zwölf', NULL, '{{"n":1.50,"list":[1,null,[]]}}'),
        ('{_ID}', 'default-User', 'k', 'Gone', NULL), ('{_ID}', 'default-User', 'k', 'x', '"s"')""",
    ),
    Case(
        "put_body.json", {"put-body-events": 2},
        """CREATE SCHEMA booking; CREATE TABLE booking.outbox_event (id bigint, aggregate_type text,
        aggregate_id bigint, event_type text, headers jsonb, payload text)""",
        """INSERT INTO booking.outbox_event VALUES
        (1, 'put-body', 42, 'Made', '{"a":1}', '{"x": 1, "y": "z"}'),
        (2, 'put-body', 43, NULL, NULL, '{"x":{"y":[1,2]}}')""",
        is_json=True,
    ),
    Case(
        "json_schemas.json", {"outbox.event.json-schemas": 2},
        _DEFAULT.format(table="outboxevent").replace(
            "aggregateid varchar(255)", "aggregateid varchar(255) NOT NULL"
        ),
        f"""INSERT INTO outboxevent VALUES ('{_ID}', 'json-schemas', '10711fa5', 'UserCreated',
        '{{}}'), ('{_ID}', 'json-schemas', 'k', 'x', '{{"a": 1}}')""",
        same_value=False,
    ),
    Case(
        "json_keys.json", {"outbox.event.json-keys": 2}, _DEFAULT.format(table="outboxevent"),
        f"""INSERT INTO outboxevent VALUES
        ('{_ID}', 'json-keys', '10711fa5', 'x', '{{"a":1,"d":1.5,"e":10000000000}}'),
        ('{_ID}', 'json-keys', 'é-1', 'x', '{{"x":[[1,2],[3]]}}')""",
        is_json=True,
    ),
    Case(
        "workers_converters.json", {"workers-converters": 1},
        """CREATE TABLE outbox (id uuid DEFAULT gen_random_uuid(), topic text, message_key uuid,
        payload json)""",
        f"""INSERT INTO outbox VALUES ('{_ID}', 'workers-converters', '{_ID}', '{{"a" :  1}}')""",
    ),
    Case(
        "document.json", {"outbox.event.document": 1},
        """CREATE TABLE outbox (id uuid, aggregatetype text, aggregate_id text, event_type text,
        payload jsonb)""",
        f"""INSERT INTO outbox VALUES ('{_ID}', 'document', '7', 'TaskCreated', '{{"a": 1}}')""",
    ),
    Case(
        "change_data.json", {"outbox.event.change-data": 1},
        _DEFAULT.format(table="outbox")
        + "CREATE TABLE products (id int PRIMARY KEY); CREATE TABLE customers (id int PRIMARY KEY)",
        f"""INSERT INTO products VALUES (1);
        INSERT INTO outbox VALUES ('{_ID}', 'change-data', '1', 'x', '{{"a": 1}}');
        INSERT INTO customers VALUES (1)""",
    ),
    Case(
        "regular_expressions.json", {"outbox.event.regular-expressions": 5},
        "CREATE SCHEMA tenant_1; CREATE SCHEMA tenant_22; CREATE SCHEMA shared;"
        ' CREATE SCHEMA my_events; CREATE TABLE my_events."Outbox" (LIKE outboxevent);'
        + "".join(
            f"CREATE TABLE {name} (LIKE outboxevent);"
            for name in ("tenant_1.outbox", "tenant_22.outbox", "shared.orders_outbox",
                         "shared.items_outbox", "public.outbox_old")
        ),
        "".join(
            f"INSERT INTO {name} VALUES ('{_ID}', 'regular-expressions', '{name}', 'x', '{{}}');"
            for name in ("tenant_1.outbox", "tenant_22.outbox", "shared.orders_outbox",
                         "shared.items_outbox", "public.outbox_old")
        ),
    ),
    Case(
        "quarkus.json", {"quarkus.events": 1},
        """CREATE TABLE outboxevent (id uuid, aggregatetype text, aggregateid text, type text,
        "timestamp" timestamp(3), payload jsonb, tracingspancontext text)""",
        f"""INSERT INTO outboxevent VALUES ('{_ID}', 'quarkus', '1', 'UserCreated',
        '2019-03-24 20:52:59', '{{"a": 1}}', NULL)""",
        has_timestamp=True,
    ),
    Case(
        "bytes.json", {"bytes": 2},
        """CREATE SCHEMA cart; CREATE TABLE cart.outbox (id uuid, destination text,
        cart_key bytea, body bytea)""",
        rf"""INSERT INTO cart.outbox VALUES ('{_ID}', 'bytes', '\x0001ff', '\xdeadbeef00'),
        ('{_ID}', 'bytes', 'k', '')""",
    ),
    Case(
        "cloudevents.json", {"cloudevents": 1},
        """CREATE TABLE events_outboxitem (id uuid, topic text, message_key text, created text,
        event_type text, source text, payload bytea)""",
        rf"""INSERT INTO events_outboxitem VALUES ('{_ID}', 'cloudevents', '1',
        '2019-03-24T20:52:59Z', 'made', '/people', '\x00ff')""",
    ),
    Case(
        "camel_case.json", {"outbox.event.camel-case": 1},
        """CREATE TABLE "OutboxEvent" ("eventId" uuid, "aggregateType" text, "aggregateId" text,
        "eventType" text, "eventData" jsonb, "createdAt" timestamp(3))""",
        f"""INSERT INTO "OutboxEvent" VALUES ('{_ID}', 'camel-case', '1', 'Made', '{{"a": "ä"}}',
        '2019-03-24 20:52:59.123')""",
        is_json=True, has_timestamp=True,
    ),
    Case(
        "roles.json", {"outbox.event.roles": 1},
        """CREATE TABLE outbox (event_id uuid, destination text, customer text,
        aggregate_type text, aggregate_id text, id int, event_type text, payload text)""",
        f"""INSERT INTO outbox VALUES ('{_ID}', 'roles', '9', 'Order', '17', 4, 'Made', ' x ')""",
    ),
    Case(
        "value_of_columns.json", {"outbox.event.value-of-columns": 1},
        """CREATE TABLE outbox (id uuid, aggregatetype text, aggregateid text NOT NULL, type text,
        created_at text, body jsonb)""",
        f"""INSERT INTO outbox VALUES ('{_ID}', 'value-of-columns', '1', 'Made', 'today',
        '{{"a": {{"b": [1, 2]}}}}')""",
        is_json=True,
    ),
    Case(
        "regex_route.json", {"regex-route": 1, "x.regex-route": 1, "x.": 1},
        _DEFAULT.format(table="outbox"),
        f"""INSERT INTO outbox VALUES ('{_ID}', 'regex-route', 'k', 'x', '{{}}'),
        ('{_ID}', 'abcregex-route', 'k', 'x', '{{}}'), ('{_ID}', 'abc', 'k', 'x', '{{}}')""",
    ),
    Case(
        "tombstones.json", {"outbox.event.tombstones": 4}, _DEFAULT.format(table="outbox")
        + "ALTER TABLE outbox ADD text_payload text",
        f"""INSERT INTO outbox SELECT '{_ID}', 'tombstones', 'k', 'x', '{{}}', t
        FROM unnest(ARRAY['  ', '', ' x ', NULL]) t""",
    ),
]


def prepare(db, case: Case) -> None:
    """Makes the tables of a case in a database without any."""
    if "LIKE outboxevent" in case.tables:
        db.execute(_DEFAULT.format(table="outboxevent"))
    db.execute(case.tables)


def _bytes(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def as_recorded(record: Record, case: Case) -> dict:
    """A record as records.json has it: without what differs on purpose."""
    headers = [
        [name, None if value is None else value.decode()]
        for name, value in record.headers
        if not name.startswith("__debezium.context.")
    ]
    made = {
        "topic": record.topic,
        "partition": record.partition,
        "key": _bytes(record.key),
        "headers": headers,
    }
    if case.same_value:
        made["value"] = _value(record.value, case)
    if case.has_timestamp:
        made["timestamp"] = record.timestamp
    return made


def _value(value: bytes | None, case: Case):
    if value is not None and case.is_json:
        return {"json": json.loads(value)}
    return _bytes(value)


def read(kafka: Kafka, case: Case) -> list[dict]:
    """Waits for the records of a case; in order of topic, partition and offset."""
    made = []
    for topic, count in case.topics.items():
        wait_until(
            lambda t=topic, n=count: kafka.count(t) >= n, f"{count} records in {topic}", 120
        )
        records = sorted(kafka.read(topic), key=lambda r: (r.partition, r.offset))
        made += [as_recorded(record, case) for record in records]
    return made
