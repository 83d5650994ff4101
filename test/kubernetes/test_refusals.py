"""Values that contradict each other, or are none: each with the sentence that says why."""

import json
import re

import pytest
from harness.manifests import template, values
from harness.process import ROOT

pytestmark = pytest.mark.tools

# What is set beside defaults.yaml, as JSON values, and what is answered.
REFUSED = [
    (
        {"replicas": 0},
        "replicas is 0: nothing would be published, and the slot would keep WAL until the disk"
        " is full. To pause the relay, scale its Deployment by kubectl",
    ),
    ({"replicas": -1}, "replicas is -1: nothing would be published"),
    (
        {"config.relay.delivery": "at-least-once"},
        "replicas is 2, config.relay.delivery is at-least-once: only exactly-once stops a relay"
        " that was paused and comes back beside its successor. Set replicas to 1, or delivery to"
        " exactly-once",
    ),
    ({"config.relay.delivery": None}, "replicas is 2, config.relay.delivery is at-least-once"),
    (
        {"config.relay.state_topic": ""},
        "config.relay.state_topic is empty, and exactly-once keeps its position there. Name a"
        " topic, or leave the key out for pg_outbox.state. and the slot's name",
    ),
    ({"config.postgres.host": ""}, "config.postgres.host is empty: name the PostgreSQL server"),
    (
        {"config.postgres.dbname": ""},
        "config.postgres.dbname is empty: name the database of the outbox",
    ),
    (
        {"config.kafka.bootstrap\\.servers": ""},
        'config.kafka."bootstrap.servers" is empty: name the brokers',
    ),
    (
        {"config.http.listen": "127.0.0.1:1"},
        "config.http.listen: probes and metrics have to know the port, so set http.host and"
        " http.port instead",
    ),
    (
        {"config.outbox.headers": "a,\nb"},
        "config.outbox.headers has several lines: a setting is one line",
    ),
    (
        {"config.postgres.password": "right"},
        "postgres.password is given twice, in config and in secrets: keep the one in secrets",
    ),
    (
        {"config.postgres.password_file": "/p"},
        "postgres.password is given twice, by secrets and by config.postgres.password_file: keep"
        " one",
    ),
    (
        {"extraEnv": [{"name": "PG_OUTBOX_POSTGRES_PASSWORD", "value": "x"}]},
        "postgres.password is given twice, by secrets and by PG_OUTBOX_POSTGRES_PASSWORD in"
        " extraEnv: keep the one in secrets",
    ),
    (
        {"extraEnv": [{"name": "PG_OUTBOX_KAFKA_BOOTSTRAP_SERVERS", "value": "x"}]},
        "kafka.bootstrap.servers is given twice, by config and by"
        " PG_OUTBOX_KAFKA_BOOTSTRAP_SERVERS in extraEnv: keep the one in config",
    ),
    *(
        (
            {f"config.{section}.{key}": "x"},
            f"config.{section}.{key} would be readable in a ConfigMap: name the key of a Secret"
            f" in secrets.{section}".replace("\\", ""),
        )
        for section, key in (
            ("kafka", "sasl\\.password"),
            ("kafka", "ssl\\.key\\.pem"),
            ("kafka", "sasl\\.jaas\\.config"),
            ("kafka", "sasl\\.oauthbearer\\.client\\.secret"),
            ("kafka", "sasl\\.oauthbearer\\.client\\.credentials\\.client\\.secret"),
            ("kafka", "sasl\\.oauthbearer\\.assertion\\.private\\.key\\.passphrase"),
            ("kafka", "sasl\\.oauthbearer\\.config"),
            ("kafka", "sasl\\.kerberos\\.kinit\\.cmd"),
            ("postgres", "scram_client_key"),
            ("postgres", "sslpassword"),
            ("maintenance", "password"),
        )
    ),
    (
        {"files": [{"name": "ca", "secret": "a", "configMap": "b"}]},
        "files: ca is given twice, by secret and by configMap: keep one",
    ),
    ({"files": [{"name": "ca"}]}, "files: ca has neither secret nor configMap"),
    (
        {"config.relay.shutdown_timeout": "1min"},
        "terminationGracePeriodSeconds is 45, config.relay.shutdown_timeout 1min: the pod would"
        " be killed while it delivers. Set the first to more than the second",
    ),
    (
        {"terminationGracePeriodSeconds": 30},
        "terminationGracePeriodSeconds is 30, config.relay.shutdown_timeout 30s: the pod",
    ),
    (
        {"podMonitor.enabled": True},
        "podMonitor.enabled: networkPolicy.metricsFrom names nobody, so Prometheus could not"
        " reach the relays. Name its namespace or pods there",
    ),
    (
        {"cleanup.enabled": True},
        "cleanup.postgres.user is empty: name the table's owner, or a role with"
        " outbox.grant_cleanup()",
    ),
    (
        {"cleanup.enabled": True, "cleanup.postgres.user": "outbox_relay"},
        "cleanup.postgres.user is outbox_relay, the relay's role: it has REPLICATION, and deleting"
        " runs code of the table's owner. Name another role",
    ),
    (
        {
            "cleanup.enabled": True,
            "cleanup.postgres.user": "janitor",
            "config.maintenance.interval": "10min",
        },
        "cleanup.enabled and config.maintenance.interval: rows would be deleted by both. Keep one",
    ),
    (
        {"cleanup.enabled": True, "cleanup.postgres": {"user": "janitor", "password": "x"}},
        "cleanup.postgres.password would be readable in a CronJob: name the key of a Secret in"
        " cleanup.secrets",
    ),
    (
        {"cleanup.enabled": True, "cleanup.postgres": {"user": "janitor", "sslpassword": "x"}},
        "cleanup.postgres.sslpassword would be readable in a CronJob: libpq has no variable for it,"
        " so the job needs a key without one",
    ),
    (
        {
            "cleanup.enabled": True,
            "cleanup.postgres.user": "janitor",
            "cleanup.secrets.user": {"name": "a", "key": "b"},
        },
        "cleanup: user is given twice, in cleanup.postgres and in cleanup.secrets: keep one",
    ),
    (
        {"cleanup.enabled": True, "cleanup.postgres.user": "janitor", "cleanup.files": ["ca"]},
        "cleanup.files: ca is none of files",
    ),
    # What the schema refuses.
    ({"replica": 2}, "additional properties 'replica' not allowed"),
    ({"config.kafak": {}}, "additional properties 'kafak' not allowed"),
    ({"http.port": 80}, "at '/http/port': minimum: got 80, want 1,024"),
    ({"replicas": "two"}, "at '/replicas': got string, want integer"),
    ({"config.outbox.tables": ["a"]}, "at '/config/outbox/tables': got array"),
    ({"secrets.postgres.password": {"name": "a"}}, "missing property 'key'"),
    ({"image.pullPolicy": "Sometimes"}, "at '/image/pullPolicy': value must be one of"),
]


@pytest.mark.parametrize(
    "given, message", REFUSED, ids=[", ".join(given) for given, _ in REFUSED]
)
def test_refused(given: dict, message: str) -> None:
    arguments = [a for k, v in given.items() for a in ("--set-json", f"{k}={json.dumps(v)}")]
    done = template(*values("defaults"), *arguments, check=False)
    assert done.returncode != 0
    assert message in done.stderr


def test_what_the_relay_calls_secret() -> None:
    """No key that it hides in what it prints goes into a ConfigMap."""
    source = (ROOT / "consumer" / "config" / "settings.c").read_text()
    function = re.search(r"^settings_is_secret\(.*?^}", source, re.M | re.S)[0]
    words = re.findall(r'"([^"]+)"', function.split("NULL};")[0])
    assert "password" in words
    for word in words:
        key = f"x{word}x".replace(".", "\\.")
        done = template(*values("defaults"), "--set-json", f'config.kafka.{key}="x"', check=False)
        assert f"config.kafka.x{word}x would be readable in a ConfigMap" in done.stderr


@pytest.mark.parametrize(
    "given",
    [
        {"replicas": 1},
        {"replicas": 1, "config.relay.delivery": "at-least-once"},
        {"config.relay.state_topic": "state"},
        {"config.postgres.host": "", "config.postgres.service": "shop"},
        {"config.postgres.host": "", "secrets.postgres.host": {"name": "a", "key": "host"}},
        {"terminationGracePeriodSeconds": 31},
        {"podMonitor.enabled": True, "networkPolicy.enabled": False},
        {"config.maintenance.password_file": "/p"},
    ],
    ids=str,
)
def test_not_refused(given: dict) -> None:
    arguments = [a for k, v in given.items() for a in ("--set-json", f"{k}={json.dumps(v)}")]
    template(*values("defaults"), *arguments)
