-- The tables of frameworks, in shape, with the options that docs/recipes.md gives.
\set SHOW_CONTEXT never
SELECT open_slot();
SET client_min_messages = error;
CREATE FUNCTION records(tables text) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT regexp_replace(line, '"ts":0(,"committed":0)?,"lsn":"0/0",', '') FROM lines('tables', tables) line WHERE line NOT LIKE '{"commit"%' $$;

-- Debezium and Quarkus
CREATE TABLE outboxevent (id uuid PRIMARY KEY, aggregatetype varchar(255) NOT NULL, aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL,
    timestamp timestamp NOT NULL, payload varchar(8000), tracingspancontext varchar(256));
INSERT INTO outboxevent VALUES ('00000000-0000-0000-0000-000000000001', 'Order', '7', 'OrderCreated', '2026-01-31 12:00:00', '{"id": 7}',
    E'#Sat Jan 31\ntraceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n');
SELECT records($$public.outboxevent(route_by=aggregatetype, headers='id, type:eventType, tracingspancontext:*', timestamp=timestamp)$$);

-- MassTransit
CREATE TABLE "OutboxMessage" ("SequenceNumber" bigserial PRIMARY KEY, "EnqueueTime" timestamptz, "SentTime" timestamptz NOT NULL, "Headers" text, "Properties" text,
    "InboxMessageId" uuid, "OutboxId" uuid, "MessageId" uuid NOT NULL, "ContentType" varchar(256) NOT NULL, "MessageType" text NOT NULL, "Body" text NOT NULL,
    "ConversationId" uuid, "DestinationAddress" varchar(256));
INSERT INTO "OutboxMessage" ("SentTime", "Headers", "MessageId", "ContentType", "MessageType", "Body", "ConversationId") VALUES ('2026-01-31 12:00:00+00',
    '{"MT-Activity-Id": "00-1"}', '00000000-0000-0000-0000-000000000002', 'application/vnd.masstransit+json', 'urn:message:Orders:Submitted', '{"message": {}}',
    '00000000-0000-0000-0000-00000000000c');
SELECT records($$public."OutboxMessage"(topic='masstransit.events', key="ConversationId", payload="Body", id="MessageId", event_type="MessageType",
    headers='id, "Headers":*, event_type:MessageType, "ContentType":content-type', timestamp="SentTime")$$);

-- NServiceBus
CREATE TABLE "OutboxData" ("MessageId" varchar(200) PRIMARY KEY, "Dispatched" boolean NOT NULL DEFAULT false, "DispatchedAt" timestamp, "PersistenceVersion" varchar(23),
    "Operations" jsonb NOT NULL);
INSERT INTO "OutboxData" ("MessageId", "Dispatched", "Operations") VALUES ('m-1', false, '[{"MessageId": "x", "Body": "aGk="}]'), ('m-2', true, '[]');
SELECT records($$public."OutboxData"(topic='nservicebus.outbox', key="MessageId", id="MessageId", payload="Operations", headers=id, where='NOT "Dispatched"')$$);

-- Wolverine
CREATE SCHEMA wolverine;
CREATE TABLE wolverine.wolverine_outgoing_envelopes (id uuid PRIMARY KEY, owner_id int NOT NULL, destination varchar NOT NULL, deliver_by timestamptz, body bytea NOT NULL,
    attempts int DEFAULT 0, message_type varchar NOT NULL);
INSERT INTO wolverine.wolverine_outgoing_envelopes VALUES ('00000000-0000-0000-0000-000000000003', 1, 'kafka://orders', NULL, '\x7b7d', 0, 'Orders.Placed');
SELECT records($$wolverine.wolverine_outgoing_envelopes(topic='wolverine.events', key=destination, payload=body, id=id, event_type=message_type,
    headers='id, event_type:message-type')$$);

-- CAP
CREATE SCHEMA cap;
CREATE TABLE cap.published ("Id" bigint PRIMARY KEY, "Version" varchar(20), "Name" varchar(200) NOT NULL, "Content" text, "Retries" int, "Added" timestamp NOT NULL,
    "ExpiresAt" timestamp, "StatusName" varchar(50) NOT NULL);
INSERT INTO cap.published VALUES (9007199254740993, 'v1', 'orders.created', '{"Headers": {}, "Value": 1}', 0, '2026-01-31 12:00:00', NULL, 'Scheduled');
SELECT records($$cap.published(topic='${"Name"}', key=, payload="Content", id="Id", headers=id, timestamp="Added")$$);

-- Brighter
CREATE TABLE brighter (id bigserial PRIMARY KEY, messageid varchar(255) UNIQUE NOT NULL, topic varchar(255), messagetype varchar(32), "timestamp" timestamptz,
    correlationid varchar(255), replyto varchar(255), contenttype varchar(128), partitionkey varchar(128), dispatched timestamptz, headerbag text, body text);
INSERT INTO brighter (messageid, topic, messagetype, contenttype, partitionkey, headerbag, body) VALUES ('b-1', 'greetings', 'MT_EVENT', 'application/json', 'p',
    '{"tenant": "a"}', '{"Greeting": "hi"}');
SELECT records($$public.brighter(topic='${topic}', key=partitionkey, payload=body, id=messageid, event_type=messagetype,
    headers='id, headerbag:*, contenttype:content-type')$$);

-- Spring Modulith
CREATE TABLE event_publication (id uuid PRIMARY KEY, listener_id text NOT NULL, event_type text NOT NULL, serialized_event text NOT NULL,
    publication_date timestamptz NOT NULL, completion_date timestamptz);
INSERT INTO event_publication VALUES ('00000000-0000-0000-0000-000000000004', 'app.Listener.on', 'app.OrderCompleted', '{"orderId": 1}', '2026-01-31 12:00:00+00', NULL);
SELECT records($$public.event_publication(topic='modulith.events', key=listener_id, payload=serialized_event, event_type=event_type, timestamp=publication_date)$$);

-- Axon
CREATE TABLE domainevententry (globalindex bigint PRIMARY KEY, eventidentifier varchar(255) UNIQUE NOT NULL, metadata text, payload jsonb NOT NULL, payloadrevision varchar(255),
    payloadtype varchar(255) NOT NULL, "timestamp" varchar(255) NOT NULL, aggregateidentifier varchar(255) NOT NULL, sequencenumber bigint NOT NULL, type varchar(255));
INSERT INTO domainevententry VALUES (1, 'e-1', '{}', '{"n": 1}', NULL, 'app.Created', '2026-01-31T12:00:00Z', 'agg-1', 0, 'Card');
SELECT records($$public.domainevententry(topic='axon.${type}', key=aggregateidentifier, id=eventidentifier, event_type=payloadtype,
    value=row(payload::text:payload, sequencenumber:sequence), headers='id, event_type:payloadType')$$);

-- Watermill
CREATE TABLE "watermill_orders" ("offset" bigserial, uuid varchar(36) NOT NULL, created_at timestamp NOT NULL DEFAULT now(), payload json, metadata json, transaction_id xid);
INSERT INTO "watermill_orders" (uuid, payload, metadata) VALUES ('w-1', '{"o" :1}', '{"correlation_id": "c"}');
SELECT records($$public."watermill_orders"(topic=orders, key=, id=uuid, headers='id, metadata:*')$$);

-- Rails and Django: a model's table
CREATE TABLE outbox_events (id bigserial PRIMARY KEY, event_id uuid NOT NULL, event_name varchar NOT NULL, aggregate_class varchar NOT NULL, aggregate_identifier varchar NOT NULL,
    data jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO outbox_events (event_id, event_name, aggregate_class, aggregate_identifier, data) VALUES ('00000000-0000-0000-0000-000000000005', 'user_created', 'User', '7', '{"a": 1}');
SELECT records($$public.outbox_events(topic='${aggregate_class}.events', key=aggregate_identifier, id=event_id, event_type=event_name, payload=data)$$);

-- A type that prints as text does is text, as citext is; others that are not built in are refused at the start.
CREATE TYPE like_text;
CREATE FUNCTION like_text_in(cstring) RETURNS like_text LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION like_text_out(like_text) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE like_text (INPUT = like_text_in, OUTPUT = like_text_out, LIKE = text);
CREATE TABLE extended (aggregate_type like_text, aggregate_id like_text, payload like_text);
INSERT INTO extended VALUES ('T', 'Key', 'é "p"');
SELECT records('public.extended(headers=)');
SELECT records('public.extended(headers=,where=''aggregate_id = ''''key'''''')');

DROP TABLE outboxevent, "OutboxMessage", "OutboxData", brighter, event_publication, domainevententry, "watermill_orders", outbox_events, extended;
DROP SCHEMA wolverine, cap CASCADE;
DROP TYPE like_text CASCADE;
DROP FUNCTION records;
SELECT close_slot();
