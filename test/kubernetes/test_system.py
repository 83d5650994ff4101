"""deploy/kubernetes as a whole, on real servers: what the manifests say of PostgreSQL and
Kafka is done as the operators do it, and the jobs and relays run as their pods would."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from certificates import Authority
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)
from harness.http import Http
from harness.kafka import Follower, Kafka
from harness.manifests import PLAIN, Manifest, find, load, plain, pod_specs
from harness.pods import PodContainer
from harness.postgres import Postgres
from harness.process import ROOT, free_port
from harness.relay import BINARY
from harness.scratch import Scratch
from harness.wait import wait_until
from running import RelayPod, hand_over, port_of, run_to_end

EXAMPLE = ROOT / "examples" / "housekeeping" / "cronjob.yaml"
ALL = plain(PLAIN) + plain(PLAIN / "setup") + load(EXAMPLE.read_text())
PODS = dict(pod_specs(ALL))
APP_PASSWORD = "the applications own"

RESOURCES = {
    "topic": ResourceType.TOPIC,
    "transactionalId": ResourceType.TRANSACTIONAL_ID,
}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefix": ResourcePatternType.PREFIXED}


def as_cloudnative_pg(postgres: Postgres, authority: Authority) -> None:
    """Configures a server as the operator does for the Cluster, and starts it."""
    spec = find(ALL, "Cluster")["spec"]
    files = [shutil.copy(file, postgres.folder) for file in authority.issue("task-db-rw")]
    files.append(shutil.copy(authority.certificate, postgres.folder))
    for file in files:
        os.chmod(file, 0o600)
        if os.geteuid() == 0:
            shutil.chown(file, "postgres")
    known = postgres._tool("postgres", "--describe-config")
    certificate, key, ca = files
    postgres.configure(
        "ssl = on",
        f"ssl_cert_file = '{certificate}'",
        f"ssl_key_file = '{key}'",
        f"ssl_ca_file = '{ca}'",
        # The operator's own.
        "wal_sender_timeout = 5s",
        *(f"{k} = '{v}'" for k, v in spec["postgresql"]["parameters"].items() if k in known),
    )
    # Ours for the test, then the Cluster's, then the operator's default.
    hba = ["host all postgres 127.0.0.1/32 trust", *spec["postgresql"]["pg_hba"],
           "host all all all scram-sha-256"]  # fmt: skip
    (postgres.data / "pg_hba.conf").write_text("".join(f"{line}\n" for line in hba))
    postgres.start()
    initdb = spec["bootstrap"]["initdb"]
    role = find(ALL, "DatabaseRole")["spec"]
    with postgres.connect() as db:
        db.execute(f"CREATE ROLE {initdb['owner']} LOGIN PASSWORD '{APP_PASSWORD}'")
        db.execute(f"CREATE DATABASE {initdb['database']} OWNER {initdb['owner']}")
        db.execute(
            f"CREATE ROLE {role['name']} {'LOGIN' if role['login'] else ''}"
            f" {'REPLICATION' if role['replication'] else ''}"
        )


def strimzi_broker(scratch: Scratch, authority: Authority) -> Kafka:
    """A broker with the listener of the Kafka resource; its first port is the test's."""
    spec = find(ALL, "Kafka")["spec"]["kafka"]
    [listener] = spec["listeners"]
    assert listener["tls"] and listener["authentication"] == {"type": "tls"}
    assert spec["authorization"] == {"type": "simple"}
    certificate, key = authority.issue("broker", "IP:127.0.0.1")
    pem = certificate.parent / "broker.pem"
    pem.write_text(key.read_text() + certificate.read_text())
    port = free_port()
    kafka = Kafka(
        scratch,
        "strimzi",
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
        "PROXIED0:SSL\n"
        "listener.name.proxied0.ssl.client.auth=required\n"
        "listener.name.proxied0.ssl.keystore.type=PEM\n"
        f"listener.name.proxied0.ssl.keystore.location={pem}\n"
        "listener.name.proxied0.ssl.truststore.type=PEM\n"
        f"listener.name.proxied0.ssl.truststore.location={authority.certificate}\n"
        "auto.create.topics.enable=false\n"
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
        "super.users=User:ANONYMOUS\n",
        proxied=(port, port),
    )
    kafka.secure = f"127.0.0.1:{port}"
    return kafka


def as_strimzi(kafka: Kafka) -> None:
    """Creates topics and the user's rights, as the operator does."""
    for manifest in ALL:
        if manifest["kind"] == "KafkaTopic":
            spec = manifest["spec"]
            # One broker, where the cluster has three.
            config = {k: str(v) for k, v in spec["config"].items() if k != "min.insync.replicas"}
            kafka.create_topic(spec["topicName"], spec["partitions"], **config)
    user = find(ALL, "KafkaUser")
    assert user["spec"]["authentication"] == {"type": "tls"}
    principal = f"User:CN={user['metadata']['name']}"
    rules = [
        AclBinding(
            RESOURCES[acl["resource"]["type"]], acl["resource"]["name"],
            PATTERNS[acl["resource"]["patternType"]], principal, "*",
            AclOperation[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()],
            AclPermissionType.ALLOW,
        )
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    ]  # fmt: skip
    kafka.add_rules(*rules)


class System:
    """The servers, and what the cluster would have of Secrets and addresses."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self.folder = folder
        self._runs = 0
        self.authority = Authority(folder)
        self.postgres = Postgres(scratch, "cluster")
        self.kafka = strimzi_broker(scratch, self.authority)
        role, role_key = self.authority.issue("outbox_relay")
        user, user_key = self.authority.issue("task-relay")
        ca = self.authority.certificate.read_text()
        self.secrets = {
            "task-db-app": {"username": "task", "password": APP_PASSWORD, "dbname": "task"},
            "outbox-owner": {"PGDATABASE": "task", "PGUSER": "task", "PGPASSWORD": APP_PASSWORD},
            "task-db-ca": {"ca.crt": ca, "ca.key": "the operator's alone"},
            "task-relay-client-cert": {
                "tls.crt": role.read_text(), "tls.key": role_key.read_text(),
            },
            "task-cluster-ca-cert": {"ca.crt": ca},
            "task-relay": {"user.crt": user.read_text(), "user.key": user_key.read_text()},
        }  # fmt: skip

    def start(self) -> None:
        self.kafka.launch()
        as_cloudnative_pg(self.postgres, self.authority)
        self.kafka.wait_ready()
        as_strimzi(self.kafka)

    def container(self, pod: Manifest, name: str, **replaced: str) -> PodContainer:
        return PodContainer(ALL, pod, self.folder / name, self.secrets, replaced)

    # What the cluster's DNS would do; the name is still the one that the certificate is for.
    @property
    def psql_address(self) -> dict[str, str]:
        return {"PGHOSTADDR": "127.0.0.1", "PGPORT": str(self.postgres.port)}

    @property
    def relay_address(self) -> dict[str, str]:
        return {
            "PG_OUTBOX_POSTGRES_HOSTADDR": "127.0.0.1",
            "PG_OUTBOX_POSTGRES_PORT": str(self.postgres.port),
            "PG_OUTBOX_KAFKA_BOOTSTRAP_SERVERS": self.kafka.secure,
        }

    def run_job(self, name: str) -> str:
        self._runs += 1
        container = self.container(PODS[name], f"job{self._runs}")
        if "--failover" in container.arguments and self.postgres_version() < 17:
            container.arguments.remove("--failover")
        env = {**self.psql_address, **self.relay_address}
        return run_to_end(container, self.folder, self.postgres.bindir, env)

    def postgres_version(self) -> int:
        with self.postgres.connect() as db:
            return db.info.server_version // 10000

    def relay(self, name: str) -> RelayPod:
        http = Http()
        pod = PODS["Deployment pg-outbox"]
        [spec] = pod["containers"]
        container = self.container(
            pod, name, **{f"0.0.0.0:{port_of(spec)}": f"127.0.0.1:{http.port}"}
        )
        container.env |= self.relay_address
        return RelayPod(container, http)

    def close(self) -> None:
        self.kafka.kill()
        self.postgres.kill()


@pytest.fixture(scope="module")
def system(scratch: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(scratch, tmp_path_factory.mktemp("system"))
    try:
        system.start()
        system.run_job("Job schema")
        system.run_job("Job create-slot")
        yield system
    finally:
        system.close()


@pytest.fixture(scope="module")
def relays(system: System) -> Iterator[list[RelayPod]]:
    started: list[RelayPod] = []
    try:
        for n in range(2):
            started.append(system.relay(f"relay{n}"))
            started[-1].wait_ready()
        yield started
    finally:
        for relay in started:
            relay.close()


def as_service(system: System) -> psycopg.Connection:
    app = system.secrets["task-db-app"]
    return psycopg.connect(
        host="task-db-rw", hostaddr="127.0.0.1", port=system.postgres.port,
        user=app["username"], password=app["password"], dbname=app["dbname"],
        sslmode="verify-full", sslrootcert=str(system.authority.certificate), autocommit=True,
    )  # fmt: skip


ADD = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " VALUES ('Task', %s, %s, %s)"
)


def test_the_jobs_may_run_again(system: System) -> None:
    system.run_job("Job schema")
    system.run_job("Job create-slot")


def test_an_event_is_published_and_the_standby_takes_over(
    system: System, relays: list[RelayPod]
) -> None:
    follower = Follower(system.kafka, ["Task.events"])
    try:
        with as_service(system) as db:
            db.execute(ADD, ("7", "TaskCreated", json.dumps({"title": "Write"})))
            wait_until(lambda: follower.records, "the event", 180)

            def publish():
                db.execute(ADD, ("7", "TaskDone", "{}"))
                return lambda: len(follower.records) >= 2

            took = hand_over(*relays, publish)
    finally:
        follower.stop()
    first, second = follower.records
    assert first.key == second.key == b"7"
    assert first.value == b'{"title": "Write"}'
    assert [r.header("eventType") for r in follower.records] == ["TaskCreated", "TaskDone"]
    print(f"SIGTERM to the next event in Kafka: {took:.1f} s")


def test_the_rights_suffice(system: System, relays: list[RelayPod]) -> None:
    """The command looks at all that the relay needs of both sides."""
    container = system.container(PODS["Deployment pg-outbox"], "check")
    command = [str(BINARY), "check", *container.arguments[1:]]
    env = {**container.env, **system.relay_address}

    def passes() -> bool:
        # A broker that is short of time may be late for one of its questions.
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        print(done.stdout, done.stderr)
        return done.returncode == 0

    wait_until(passes, "all checks pass")


def test_nobody_else_comes_in_as_the_relay(system: System) -> None:
    """Only a certificate does, over TLS, and only to its database."""
    port = system.postgres.port
    certificate, key = (system.folder / f"outbox_relay.{kind}" for kind in ("crt", "key"))
    key.chmod(0o600)
    for more, message in (
        ("sslmode=disable", "pg_hba.conf rejects connection"),
        ("sslmode=require", "connection requires a valid client certificate"),
        (f"sslmode=require sslcert={certificate} sslkey={key} dbname=postgres", "pg_hba.conf rejects"),
    ):
        conninfo = f"host=127.0.0.1 port={port} user=outbox_relay dbname=task {more}"
        with pytest.raises(psycopg.OperationalError, match=message):
            psycopg.connect(conninfo)


@pytest.mark.parametrize("job", ["CronJob outbox-cleanup", "CronJob outbox-housekeeping"])
def test_cleanup_deletes_what_is_older_than_7_days(system: System, job: str) -> None:
    """The job of the system, and the example."""
    with as_service(system) as db:
        db.execute("DELETE FROM outbox")
        for key, age in (("old", "7 days 1 hour"), ("young", "6 days 23 hours")):
            db.execute(ADD, (key, "TaskCreated", "{}"))
            db.execute(
                "UPDATE outbox SET created_at = now() - %s::interval WHERE aggregate_id = %s",
                (age, key),
            )
        system.run_job(job)
        assert db.execute("SELECT aggregate_id FROM outbox").fetchall() == [("young",)]


def test_no_key_of_an_authority_is_mounted(system: System) -> None:
    for n, pod in enumerate(PODS.values()):
        system.container(pod, f"mounts{n}")
    found = [f for f in system.folder.rglob("mounts*/**/*") if f.is_file()]
    assert found
    assert not [f for f in found if "the operator's alone" in f.read_text()]

