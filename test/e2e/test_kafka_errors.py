"""Kafka that will not have the relay: said once, in words that help, and then
rarely; and it goes on when Kafka has changed its mind."""

import subprocess
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AclOperation
from conftest import Outbox
from harness.kafka import Kafka
from harness.process import free_port, run
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until

FAILED = "the Kafka producer failed"
WAITING = "waiting for Kafka"

DEBUG = ("-X", "log.level=debug", "-X", "relay.status_interval=100ms")


def count(relay: Relay, message: str) -> int:
    return sum(message in m for m in relay.messages())


def wait_statuses(relay: Relay, number: int) -> None:
    """Waits until the relay has told PostgreSQL so often that it lives, which is
    every 100 ms."""
    seen = count(relay, "status")
    wait_until(lambda: count(relay, "status") >= seen + number, "statuses")


@pytest.fixture(scope="session")
def sasl_kafka(scratch: Scratch) -> Iterator[Kafka]:
    """A broker with a second port, which wants a name and a password, and obeys
    ACLs: user relay may do what it is allowed, and whoever comes to the first
    port everything."""
    port = free_port()
    kafka = Kafka(
        scratch,
        "sasl_kafka",
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
        "PROXIED0:SASL_PLAINTEXT\n"
        "listener.name.proxied0.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n"
        "listener.name.proxied0.scram-sha-512.sasl.jaas.config="
        "org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
        "listener.name.proxied0.plain.sasl.jaas.config="
        "org.apache.kafka.common.security.plain.PlainLoginModule required"
        ' user_relay="right";\n'
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
        "super.users=User:ANONYMOUS\n",
        proxied=(port, port),
    )
    kafka.sasl_brokers = f"127.0.0.1:{port}"
    try:
        yield kafka.start()
    finally:
        kafka.kill()


def as_relay(kafka: Kafka, password: str = "right") -> list[str]:
    return [
        "-b", kafka.sasl_brokers, "-X", "kafka.security.protocol=sasl_plaintext",
        "-X", "kafka.sasl.mechanisms=PLAIN", "-X", "kafka.sasl.username=relay",
        "-X", f"kafka.sasl.password={password}",
    ]


def test_no_right_at_all(outbox: Outbox, sasl_kafka: Kafka) -> None:
    """Kafka refuses the producer itself, before there is an event: it is replaced
    at growing intervals, the stream stays, and one line says what is missing."""
    outbox.kafka = sasl_kafka
    outbox.create_slot()
    sasl_kafka.create_topic(outbox.topic, partitions=1)
    relay = outbox.relay(*DEBUG, *as_relay(sasl_kafka))
    relay.wait_for_log(FAILED)
    assert "Cluster authorization failed" in relay.log()
    wait_statuses(relay, 30)
    assert count(relay, FAILED) == 1
    assert count(relay, "a producer begins") < 12
    assert relay.messages().count("streaming") == 1
    # There is no producer most of the time, so the event may meet none.
    outbox.add("k", "1")
    wait_statuses(relay, 10)
    assert count(relay, "a producer begins") < 20
    assert not outbox.is_confirmed(outbox.wal_end())
    with sasl_kafka.allowed("relay", outbox.topic, AclOperation.WRITE):
        outbox.wait_all_confirmed()
    assert [r.value for r in sasl_kafka.read(outbox.topic)] == [b"1"]
    assert relay.messages().count("streaming") <= 2


def test_wrong_password(outbox: Outbox, sasl_kafka: Kafka) -> None:
    outbox.kafka = sasl_kafka
    outbox.create_slot()
    outbox.add("k", "1")
    relay = outbox.relay(*DEBUG, *as_relay(sasl_kafka, "wrong"))
    relay.wait_for_log(WAITING)
    assert "Authentication failed" in relay.log()
    wait_statuses(relay, 30)
    assert count(relay, WAITING) == 1
    assert "wrong" not in relay.log()
    relay.kill()
    sasl_kafka.create_topic(outbox.topic)
    with sasl_kafka.allowed("relay", outbox.topic, AclOperation.WRITE):
        outbox.relay(*as_relay(sasl_kafka))
        assert len(outbox.wait_published(1)) == 1


def test_scram(outbox: Outbox, sasl_kafka: Kafka) -> None:
    """Brokers of Kafka 4 take it from librdkafka 2.6.1 on, and an older one is said to be
    the reason: the broker speaks of the password."""
    outbox.kafka = sasl_kafka
    outbox.create_slot()
    outbox.add("k", "1")
    sasl_kafka.create_topic(outbox.topic, partitions=1)
    sasl_kafka.add_scram_user("scram", "right")
    version = run(["pkg-config", "--modversion", "rdkafka"])
    with sasl_kafka.allowed("scram", outbox.topic, AclOperation.WRITE):
        relay = outbox.relay(
            "-b", sasl_kafka.sasl_brokers, "-X", "kafka.security.protocol=sasl_plaintext",
            "-X", "kafka.sasl.mechanisms=SCRAM-SHA-512", "-X", "kafka.sasl.username=scram",
            "-X", "kafka.sasl.password=right",
        )  # fmt: skip
        if [int(part) for part in version.split(".")] >= [2, 6, 1]:
            outbox.wait_published(1)
        else:
            relay.wait_for_log(WAITING)
            assert "whose SCRAM needs librdkafka 2.6.1 or later" in relay.log()


def test_a_second_error(outbox: Outbox, sasl_kafka: Kafka) -> None:
    """One broker away is one thing, another that does not take the password is
    another: both are said."""
    outbox.kafka = sasl_kafka
    outbox.create_slot()
    outbox.add("k", "1")
    relay = outbox.relay(
        *as_relay(sasl_kafka, "wrong"),
        "-b", f"127.0.0.1:{free_port()},{sasl_kafka.sasl_brokers}",
    )
    wait_until(lambda: count(relay, WAITING) == 2, "both errors")
    assert "Authentication failed" in relay.log()
    assert "Connection refused" in relay.log()


def test_tls_where_there_is_none(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.add("k", "1")
    relay = outbox.relay(*DEBUG, "-X", "kafka.security.protocol=ssl")
    relay.wait_for_log(WAITING)
    assert "SSL" in relay.log() and "in state SSL_HANDSHAKE" in relay.log()
    wait_statuses(relay, 30)
    # It may be the handshake that fails and the connection that ends.
    assert count(relay, WAITING) <= 2


def test_an_advertised_listener_that_nobody_reaches(
    outbox: Outbox, scratch: Scratch
) -> None:
    """The bootstrap server answers, and names an address that does not."""
    nowhere = free_port()
    port = free_port()
    kafka = Kafka(scratch, "nowhere_kafka", proxied=(port, nowhere))
    try:
        kafka.start()
        kafka.create_topic(outbox.topic)
        outbox.create_slot()
        outbox.add("k", "1")
        relay = outbox.relay(*DEBUG, "-b", f"127.0.0.1:{port}")
        relay.wait_for_log(WAITING)
        wait_until(lambda: f"127.0.0.1:{nowhere}/1" in relay.log(), "the broker is named")
        assert "Connection refused" in relay.log()
        wait_statuses(relay, 30)
        assert count(relay, WAITING) == 1
        assert not outbox.is_confirmed(outbox.wal_end())
        relay.kill()
        [failure] = failures(outbox, "-b", f"127.0.0.1:{port}")
        assert failure.startswith(
            f"broker 1 says that it is at 127.0.0.1:{nowhere}, and cannot be reached there: "
        )
        assert "Connection refused" in failure
        assert failure.endswith(
            "; repair: set its advertised.listeners to an address that the relay reaches"
        )
    finally:
        kafka.kill()


def test_a_mechanism_without_tokens(outbox: Outbox) -> None:
    """librdkafka would wait for a token from the program, without a word."""
    relay = outbox.relay(
        "-X", "kafka.security.protocol=sasl_ssl", "-X", "kafka.sasl.mechanism=OAUTHBEARER"
    )
    assert relay.wait() == 2
    assert relay.lines == [
        "pg_outbox: [kafka] sasl.mechanisms OAUTHBEARER needs sasl.oauthbearer.method = oidc,"
        " with client id, client secret and token endpoint: the relay can get tokens in no"
        " other way"
    ]


def failures(outbox: Outbox, *arguments: str) -> list[str]:
    """What check finds about Kafka."""
    done = subprocess.run(
        [str(BINARY), "check", "-d", outbox.conninfo, "--slot", outbox.slot, *arguments],
        capture_output=True, text=True, check=False,
    )
    found = [line[6:] for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert done.returncode == (3 if found else 0), done.stdout + done.stderr
    return found


def test_check_sees_missing_rights(outbox: Outbox, sasl_kafka: Kafka) -> None:
    """None at all, the right to look, and the right to write; and it writes nothing."""
    outbox.kafka = sasl_kafka
    outbox.create_slot()
    sasl_kafka.create_topic(outbox.topic, partitions=1)
    arguments = (*as_relay(sasl_kafka), "-X", f"outbox.topic={outbox.topic}")
    producer, topic = failures(outbox, *arguments)
    assert "Cluster authorization failed" in producer
    assert producer.endswith("repair: allow the relay's principal WRITE on its topics")
    refused = (
        f'topic "{outbox.topic}": Broker: Topic authorization failed; repair: allow the'
        " relay's principal WRITE on it"
    )
    assert topic == refused
    with sasl_kafka.allowed("relay", outbox.topic, AclOperation.DESCRIBE):
        assert failures(outbox, *arguments)[1] == refused
    with sasl_kafka.allowed("relay", outbox.topic, AclOperation.WRITE):
        assert failures(outbox, *arguments) == []
    assert sasl_kafka.count(outbox.topic) == 0


def test_check_sees_a_wrong_password(outbox: Outbox, sasl_kafka: Kafka) -> None:
    outbox.create_slot()
    [failure] = failures(outbox, *as_relay(sasl_kafka, "wrong"))
    assert failure.startswith("Kafka does not answer: ") and "Authentication failed" in failure


def test_check_sees_a_mechanism_without_tokens(outbox: Outbox, sasl_kafka: Kafka) -> None:
    outbox.create_slot()
    [failure] = failures(
        outbox, *as_relay(sasl_kafka), "-X", "kafka.sasl.mechanisms=OAUTHBEARER"
    )
    assert failure.startswith("[kafka] sasl.mechanisms OAUTHBEARER needs")
