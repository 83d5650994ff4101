"""A Kafka broker of one's own: one node, KRaft mode."""

import base64
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from .process import ROOT, free_port, run, start
from .scratch import Scratch
from .wait import wait_until

LIBS = (ROOT / "build" / "kafka" / "libs").resolve()

PROPERTIES = """
process.roles={roles}
node.id={node}
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port}{listener}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{protocols}
log.dirs={data}
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
"""


# What a topic answers with while it is being made.
_NOT_YET = (
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
)


@dataclass(frozen=True)
class Record:
    """What a consumer sees of an event."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None

    def header(self, name: str) -> str | None:
        value = dict(self.headers).get(name)
        return None if value is None else value.decode()


class Kafka:
    """A broker below a scratch folder; extra are lines of its properties.

    With proxied it listens on a second port, as which another is advertised:
    clients of that one go through a proxy.  There may be several such pairs, for
    clients with a proxy each.  With joins it is the second node
    of the other's cluster, and no controller.
    """

    # Of the Java machine.  Tests set others, which suit many small brokers.
    java_options: tuple[str, ...] = ("-Xmx1g",)

    def __init__(
        self,
        scratch: Scratch,
        name: str = "kafka",
        extra: str = "",
        proxied: tuple[int, int] | list[tuple[int, int]] | None = None,
        joins: "Kafka | None" = None,
    ) -> None:
        pairs = proxied if isinstance(proxied, list) else [proxied] if proxied else []
        self.folder = scratch.folder(name)
        self.log = self.folder / "log"
        self.port = free_port()
        self.node = joins.node + 1 if joins else 1
        self.controller = joins.controller if joins else free_port()
        self.cluster = (
            joins.cluster
            if joins
            else base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        )
        self._properties = self.folder / "server.properties"
        self._properties.write_text(self._server_properties(pairs, joins) + extra)
        self._process = None
        self._watcher: Consumer | None = None
        self._java(
            run,
            "kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster}",
            "-c", str(self._properties),
            "--no-initial-controllers" if joins else "--standalone",
        )

    def _server_properties(
        self, proxied: list[tuple[int, int]], joins: "Kafka | None"
    ) -> str:
        listener = advertised = protocols = ""
        for n, (port, other) in enumerate(proxied):
            listener += f",PROXIED{n}://127.0.0.1:{port}"
            advertised += f",PROXIED{n}://127.0.0.1:{other}"
            protocols += f",PROXIED{n}:PLAINTEXT"
        if not joins:
            controller = f",CONTROLLER://127.0.0.1:{self.controller}"
            listener += controller
            advertised += controller
        return PROPERTIES.format(
            roles="broker" if joins else "broker,controller",
            node=self.node,
            port=self.port,
            controller=self.controller,
            data=self.folder / "data",
            listener=listener,
            protocols=protocols,
            advertised=advertised,
        )

    def _java(self, runner, *arguments: str, **options):
        config = ROOT / "test" / "harness" / "log4j2.yaml"
        return runner(
            [
                "java", *self.java_options, f"-Dlog4j2.configurationFile={config}",
                "-cp", f"{LIBS}/*", *arguments,
            ],
            **options,
        )

    @property
    def brokers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> "Kafka":
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> None:
        """Starts the broker without waiting for it."""
        with self.log.open("a") as log:
            self._process = self._java(
                start, "kafka.Kafka", str(self._properties), stdout=log, stderr=log
            )

    def wait_ready(self) -> None:
        wait_until(self._answers, f"Kafka answers ({self.log})", 300)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"Kafka ended:\n{self.log.read_text()}")
        try:
            self._admin().list_topics(timeout=2)
            return True
        except KafkaException:
            return False

    def _admin(self) -> AdminClient:
        return AdminClient(
            {"bootstrap.servers": self.brokers, "log_level": 0}
        )

    def _signal(self, number: int) -> None:
        self._process.send_signal(number)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stops the broker in its tracks; its connections stay open."""
        self._signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self._process.pid}/task")
        try:
            wait_until(
                lambda: all(
                    "\nState:\tT" in (task / "status").read_text()
                    for task in tasks.iterdir()
                ),
                "all threads of Kafka stopped",
            )
            yield
        finally:
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGTERM)
            self._process.wait(60)
            self._process = None

    def create_topic(self, name: str, partitions: int = 4, **config: str) -> None:
        admin = self._admin()
        topic = NewTopic(name, partitions, 1, config=config)
        admin.create_topics([topic])[name].result()

    def add_partitions(self, name: str, total: int) -> None:
        admin = self._admin()
        admin.create_partitions([NewPartitions(name, total)])[name].result()

    def delete_topic(self, name: str) -> None:
        admin = self._admin()
        admin.delete_topics([name])[name].result()
        wait_until(
            lambda: name not in admin.list_topics(timeout=30).topics, f"{name} is gone"
        )

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Deletes the records of a partition before an offset (kafka-delete-records)."""
        admin = self._admin()
        wanted = TopicPartition(topic, partition, before)
        admin.delete_records([wanted])[wanted].result()

    def create_replicated_topic(self, name: str, replicas: list[list[int]]) -> None:
        """With the nodes of each partition's replicas, the leader first."""
        admin = self._admin()
        topic = NewTopic(name, len(replicas), replica_assignment=replicas)
        admin.create_topics([topic])[name].result()

    def leaders(self, topic: str) -> set[int]:
        """The nodes that lead the partitions of a topic."""
        partitions = self._admin().list_topics(topic, timeout=30).topics[topic].partitions
        return {partition.leader for partition in partitions.values()}

    def set_topic(self, name: str, key: str, value: str) -> None:
        """Changes one property of a topic."""
        admin = self._admin()
        entry = ConfigEntry(
            key, value, incremental_operation=AlterConfigOpType.SET
        )
        resource = ConfigResource(
            ConfigResource.Type.TOPIC, name, incremental_configs=[entry]
        )
        admin.incremental_alter_configs([resource])[resource].result()

    @contextmanager
    def _ruled(self, *rule) -> Iterator[None]:
        """Has a rule: what AclBinding takes."""
        admin = self._admin()
        for answer in admin.create_acls([AclBinding(*rule)]).values():
            answer.result()
        try:
            yield
        finally:
            for answer in admin.delete_acls([AclBindingFilter(*rule)]).values():
                answer.result()

    def denied(
        self,
        name: str,
        operation: AclOperation,
        resource: ResourceType = ResourceType.TOPIC,
        pattern: ResourcePatternType = ResourcePatternType.LITERAL,
    ) -> AbstractContextManager[None]:
        """Forbids everybody an operation on a topic, or another resource."""
        return self._ruled(
            resource, name, pattern, "User:ANONYMOUS", "*", operation, AclPermissionType.DENY
        )

    def allowed(
        self, user: str, topic: str, operation: AclOperation
    ) -> AbstractContextManager[None]:
        """Allows a user an operation on a topic."""
        return self._ruled(
            ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*",
            operation, AclPermissionType.ALLOW,
        )

    def allow(self, user: str, topic: str, operation: AclOperation) -> None:
        """Allows a user an operation on a topic, for good."""
        self.add_rules(
            AclBinding(
                ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*",
                operation, AclPermissionType.ALLOW,
            )
        )

    def add_scram_user(self, name: str, password: str) -> None:
        """Lets a user come in by SCRAM-SHA-512."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        user = UserScramCredentialUpsertion(name, info, password.encode())
        admin = self._admin()
        for answer in admin.alter_user_scram_credentials([user]).values():
            answer.result()

    def add_rules(self, *rules: AclBinding) -> None:
        admin = self._admin()
        for answer in admin.create_acls(list(rules)).values():
            answer.result()

    def topic_config(self, name: str) -> dict[str, str]:
        """The properties of a topic."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, name)
        admin = self._admin()
        entries = admin.describe_configs([resource])[resource].result()
        return {entry.name: entry.value for entry in entries.values()}

    def end_offsets(self, topic: str) -> dict[int, int]:
        """How many records each partition of a topic has got; none if it is not
        there.  A broker takes up the partitions of a new topic one by one."""
        [ends] = wait_until(
            lambda: self._end_offsets(topic), f"all partitions of {topic} answer"
        )
        return ends

    def _end_offsets(self, topic: str) -> list[dict[int, int]]:
        """The same in a list, which is empty while not all of them answer."""
        if self._watcher is None:
            self._watcher = self._consumer()
        try:
            found = self._watcher.list_topics(topic, timeout=30).topics[topic]
            return [
                {
                    p: self._watcher.get_watermark_offsets(
                        TopicPartition(topic, p), timeout=30
                    )[1]
                    for p in found.partitions
                }
            ]
        except KafkaException as error:
            if error.args[0].code() in _NOT_YET:
                return []
            raise

    def written(self, topic: str) -> int:
        """The same of its only partition, those of open transactions included."""
        consumer = self._consumer(isolation="read_uncommitted")
        try:
            partition = TopicPartition(topic, 0)
            return consumer.get_watermark_offsets(partition, timeout=30)[1]
        finally:
            consumer.close()

    def count(self, topic: str) -> int:
        return sum(self.end_offsets(topic).values())

    def read(self, topic: str) -> list[Record]:
        """All records of a topic as of now, each partition's in its order: those
        that are committed, up to the first transaction that is open."""
        ends = {p: end for p, end in self.end_offsets(topic).items() if end > 0}
        consumer = self._consumer()
        try:
            consumer.assign([TopicPartition(topic, p, 0) for p in ends])
            records: list[Record] = []
            while ends:
                # One at a time: consume() waits until it has all it may return.
                message = consumer.poll(30)
                if message is None:
                    raise TimeoutError(f"{topic}: {len(records)} read, left: {ends}")
                done = message.offset() + 1
                if message.error() and message.error().code() == KafkaError._PARTITION_EOF:
                    done = message.offset()  # behind markers, which nobody sees
                else:
                    records.append(_record(message))
                if done >= ends.get(message.partition(), done + 1):
                    del ends[message.partition()]
            return records
        finally:
            consumer.close()

    def _consumer(self, isolation: str = "read_committed") -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.brokers,
                "group.id": "reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "isolation.level": isolation,
                "allow.auto.create.topics": False,
                "log_level": 0,
            }
        )


class Follower(threading.Thread):
    """A reader of committed records that polls all the time, from the beginning
    of topics that are there."""

    def __init__(self, kafka: Kafka, topics: list[str]) -> None:
        super().__init__(daemon=True)
        self.records: list[Record] = []
        self._consumer = kafka._consumer()
        # A broker may not know a topic yet that was made just now.
        partitions = {
            t: wait_until(lambda t=t: kafka.end_offsets(t), f"topic {t}") for t in topics
        }
        self._consumer.assign(
            [TopicPartition(t, p, 0) for t in topics for p in partitions[t]]
        )
        self._stopping = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(0.05)
            # It waits for a broker that is away.
            if message is not None and not message.error():
                self.records.append(_record(message))

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        self._consumer.close()


def _record(message) -> Record:
    if message.error():
        raise KafkaException(message.error())
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        tuple(message.headers() or ()),
        message.value(),
    )
