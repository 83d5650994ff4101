"""The compose file: what it mounts, calls and names is there, and the settings that it
gives PostgreSQL, Kafka, the relay and the task service make events flow between real
ones.  Containers are left to test/images.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import pytest
import yaml
from harness.classes import share_classes
from harness.http import Http
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import ROOT, free_port, run, start
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
TASKS = ROOT / "examples" / "python"
CONFIG = DEPLOY / "compose" / "pg_outbox.conf"


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def binds(service: dict) -> dict[PurePosixPath, Path]:
    """The files that a service mounts, by their paths in its container."""
    volumes = [volume.split(":") for volume in service.get("volumes", [])]
    return {
        PurePosixPath(target): DEPLOY / source
        for source, target, *_ in volumes
        if source.startswith(".")
    }


def mounted(service: dict, path: str) -> Path:
    return binds(service)[PurePosixPath(path)]


# What is named exists.


def test_is_a_compose_file() -> None:
    run([str(ROOT / "build/venv/bin/check-jsonschema"), "--builtin-schema",
         "vendor.compose-spec", str(COMPOSE)])  # fmt: skip


def test_what_is_mounted_exists(services: dict[str, dict]) -> None:
    named = yaml.safe_load(COMPOSE.read_text())["volumes"].keys()
    used = set()
    for name, service in services.items():
        for target, file in binds(service).items():
            assert file.is_file(), f"{name}: {target}"
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        used |= {volume for volume in volumes if not volume.startswith(".")}
    assert used == named


def test_what_is_built_exists(services: dict[str, dict]) -> None:
    for service in services.values():
        if build := service.get("build"):
            context = DEPLOY / build["context"]
            assert (context / build.get("dockerfile", "Dockerfile")).is_file()


def test_who_is_waited_for_exists_and_can_be(services: dict[str, dict]) -> None:
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in services[name]


def test_nothing_is_published_beyond_this_machine(services: dict[str, dict]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_versions_are_those_of_the_tests(services: dict[str, dict]) -> None:
    pom = (ROOT / "test/setup/kafka.xml").read_text()
    kafka = re.search(r"kafka_2.13</artifactId>\s*<version>(.*)</version>", pom)[1]
    assert services["kafka"]["image"] == f"apache/kafka:{kafka}"
    tested = (ROOT / "test/setup/requirements.txt").read_text().splitlines()
    assert set((TASKS / "requirements.txt").read_text().splitlines()) <= set(tested)


# The relay.


def relay_arguments(services: dict[str, dict], name: str) -> list[str]:
    """The arguments of a service of the relay's image; the image's own without any."""
    dockerfile = (ROOT / "deploy/images/relay.Dockerfile").read_text()
    own = json.loads(re.search(r"^CMD (.*)$", dockerfile, re.M)[1])
    arguments = services[name].get("command", own)
    place = arguments.index("-c") + 1
    return [*arguments[:place], str(mounted(services[name], arguments[place])),
            *arguments[place + 1 :]]  # fmt: skip


@pytest.fixture(scope="module")
def settings(services: dict[str, dict]) -> dict[str, str]:
    """The settings that the relay understood, by section and key."""
    printed = run(
        [str(BINARY), *relay_arguments(services, "relay"), "--print-config"],
        env={**os.environ, **services["relay"]["environment"]},
    )
    found = {}
    section = ""
    for line in printed.splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif match := re.fullmatch(r"([\w.]+) = (.*)", line):
            found[f"{section}.{match[1]}"] = match[2]
    return found


def test_relay_finds_the_others(services: dict[str, dict], settings: dict[str, str]) -> None:
    assert settings["postgres.host"] in services
    assert settings["postgres.dbname"] == services["postgres"]["environment"]["POSTGRES_DB"]
    advertised = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert advertised == f"PLAINTEXT://{settings['kafka.bootstrap.servers']}"
    assert services["slot"]["environment"] == services["relay"]["environment"]


def test_relay_is_found(services: dict[str, dict], settings: dict[str, str]) -> None:
    port = settings["http.listen"].rpartition(":")[2]
    assert services["relay"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    file = mounted(services["prometheus"], "/etc/prometheus/prometheus.yml")
    [job] = yaml.safe_load(file.read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"relay:{port}"]}]


def test_relay_has_time_to_end(services: dict[str, dict], settings: dict[str, str]) -> None:
    grace = re.fullmatch(r"(\d+)s", services["relay"]["stop_grace_period"])[1]
    limit = re.fullmatch(r"(\d+)s", settings["relay.shutdown_timeout"])[1]
    assert int(grace) > int(limit)


# Prometheus and Grafana.


def test_prometheus_takes_its_files(services: dict[str, dict], tmp_path: Path) -> None:
    for target, file in binds(services["prometheus"]).items():
        place = tmp_path / target.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    run(["promtool", "check", "config", str(tmp_path / "etc/prometheus/prometheus.yml")])


def test_grafana_shows_the_dashboard(services: dict[str, dict]) -> None:
    grafana = services["grafana"]
    provisioning = "/etc/grafana/provisioning"
    [provider] = yaml.safe_load(
        mounted(grafana, f"{provisioning}/dashboards/pg_outbox.yaml").read_text()
    )["providers"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert provider["options"]["path"] == str(PurePosixPath(home).parent)
    assert mounted(grafana, home) == DEPLOY / "monitoring" / "dashboard.json"


def test_dashboard_has_its_datasource(services: dict[str, dict]) -> None:
    """The dashboard takes the default of those that are of its type."""
    dashboard = json.loads((DEPLOY / "monitoring/dashboard.json").read_text())
    [variable] = [v for v in dashboard["templating"]["list"] if v["type"] == "datasource"]
    used = {json.dumps(p["datasource"], sort_keys=True) for p in dashboard["panels"]}
    [used] = [json.loads(datasource) for datasource in used]
    assert used["uid"] == f"${{{variable['name']}}}"
    provisioned = "/etc/grafana/provisioning/datasources/pg_outbox.yaml"
    file = mounted(services["grafana"], provisioned)
    [datasource] = yaml.safe_load(file.read_text())["datasources"]
    assert datasource["type"] == used["type"] == variable["query"]
    assert datasource["isDefault"]
    [published] = services["prometheus"]["ports"]
    assert datasource["url"] == f"http://prometheus:{published.rpartition(':')[2]}"


# All of it but the containers.


class ComposeKafka(Kafka):
    """A broker with the settings of the compose file, which the program of Kafka's image
    makes from the environment; folder and addresses are its own."""

    def __init__(self, scratch: Scratch, environment: dict[str, object]) -> None:
        self.folder = scratch.folder("kafka")
        self.log = self.folder / "log"
        self.port = free_port()
        controller = free_port()
        self._properties = self.folder / "final" / "server.properties"
        self._process = None
        self._watcher = None
        for name in ("default", "mounted", "final"):
            (self.folder / name).mkdir()
        (self.folder / "default" / "server.properties").touch()
        for name in ("log4j2.yaml", "tools-log4j2.yaml"):
            shutil.copy(ROOT / "test/harness/log4j2.yaml", self.folder / "default" / name)
        moved = {
            "KAFKA_LOG_DIRS": f"{self.folder}/data",
            "KAFKA_LISTENERS": f"PLAINTEXT://:{self.port},CONTROLLER://:{controller}",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{self.port}",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@127.0.0.1:{controller}",
        }
        assert moved.keys() <= environment.keys()
        given = {name: str(value) for name, value in environment.items()}
        self._java(
            run, "kafka.docker.KafkaDockerWrapper", "setup",
            f"--default-configs-dir={self.folder}/default",
            f"--mounted-configs-dir={self.folder}/mounted",
            f"--final-configs-dir={self.folder}/final",
            env={**os.environ, **given, **moved},
        )  # fmt: skip


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    share_classes()
    with Scratch() as scratch:
        yield scratch


def server(scratch: Scratch, service: dict) -> Postgres:
    """A server with the settings of the compose file, which asks for passwords."""
    postgres = Postgres(scratch)
    settings = [word for word in service["command"] if "=" in word]
    if not postgres.knows_output_plugin_libraries():
        settings = [s for s in settings if not s.startswith("output_plugin_libraries=")]
    postgres.configure(*(re.sub("=(.*)", r" = '\1'", setting) for setting in settings))
    (postgres.data / "pg_hba.conf").write_text(
        "local all all trust\n"
        "host all postgres all trust\n"
        "host all all all scram-sha-256\n"
    )
    return postgres.start()


def initialize(postgres: Postgres, service: dict) -> None:
    """Makes the database as the image of PostgreSQL does."""
    name = service["environment"]["POSTGRES_DB"]
    script = mounted(service, "/docker-entrypoint-initdb.d/init.sql")
    with postgres.connect() as db:
        db.execute(f"CREATE DATABASE {name}")
    run([str(postgres.bindir / "psql"), "-X", "-q", "--no-password", "-v", "ON_ERROR_STOP=1",
         "-d", postgres.conninfo(name), "-f", str(script)])  # fmt: skip


def traffic(services: dict[str, dict], postgres: Postgres) -> subprocess.Popen:
    """The task service at work, as its image begins it."""
    command = json.loads(re.search(r"^CMD (.*)$", (TASKS / "Dockerfile").read_text(), re.M)[1])
    assert f" {command[1]} " in re.search(r"^COPY .*py.*$", (TASKS / "Dockerfile").read_text(),
                                          re.M)[0]  # fmt: skip
    url = services["tasks"]["environment"]["DATABASE_URL"]
    assert "@postgres/" in url
    url = url.replace("@postgres/", f"@127.0.0.1:{postgres.port}/")
    return start(
        [str(ROOT / "build/venv/bin/python"), *command[1:]], cwd=TASKS,
        env={**os.environ, "DATABASE_URL": url},
    )  # fmt: skip


def deleted_rows(relay: Relay) -> bool:
    """Whether the relay's maintenance has deleted any."""
    return bool(re.search(r'"maintenance done" deleted=[1-9]', relay.log()))


def test_events_flow(services: dict[str, dict], scratch: Scratch, monkeypatch) -> None:
    with ExitStack() as stack:
        kafka = ComposeKafka(scratch, services["kafka"]["environment"])
        stack.callback(kafka.kill)
        kafka.launch()
        postgres = server(scratch, services["postgres"])
        stack.callback(postgres.kill)
        initialize(postgres, services["postgres"])
        kafka.wait_ready()
        for name, value in services["relay"]["environment"].items():
            monkeypatch.setenv(name, value)
        here = ["-X", "postgres.host=127.0.0.1", "-X", f"postgres.port={postgres.port}"]
        run([str(BINARY), *relay_arguments(services, "slot"), *here])
        http = Http()
        _run, *arguments = relay_arguments(services, "relay")
        relay = Relay(
            *arguments, *here, "-b", kafka.brokers, *http.arguments,
            "-X", "maintenance.interval=1s", "-X", "maintenance.older_than=1 second",
        )  # fmt: skip
        stack.callback(relay.kill)
        tasks = traffic(services, postgres)
        stack.callback(tasks.wait)
        stack.callback(tasks.kill)

        def flowed() -> bool:
            assert tasks.poll() is None, "the task service ended"
            assert relay.running(), relay.log()
            return kafka.count("Task.events") >= 20

        wait_until(flowed, "events in Kafka", 300)
        assert len(kafka.end_offsets("Task.events")) == 3
        assert http.is_ready()
        wait_until(lambda: deleted_rows(relay), "old rows deleted")
        assert relay.terminate() == 0, relay.log()
        types = {record.header("eventType") for record in kafka.read("Task.events")}
        assert types == {"TaskCreated", "TaskCompleted"}


# The page.


def test_commands_of_the_page_are_of_this_file(services: dict[str, dict]) -> None:
    """What docs/images.md lets people type names services that exist."""
    page = (ROOT / "docs" / "images.md").read_text()
    commands = re.findall(r"^ {4,}(docker compose (?:.*\\\n)*.*)$", page, re.M)
    assert len(commands) == page.count("docker compose")
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        assert words[:4] == ["docker", "compose", "-f", "deploy/compose.yaml"]
        if words[4] == "exec":
            assert words[5] in services
