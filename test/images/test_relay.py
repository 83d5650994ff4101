"""The relay's image, run as Kubernetes' restricted Pod Security has it."""

import hashlib
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import VERSION
from harness.container import Bind, Container, Image
from harness.http import Http
from harness.kafka import Kafka
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.process import ROOT, run
from harness.scratch import Scratch
from harness.wait import wait_until

CONFIG = "/etc/pg_outbox/pg_outbox.conf"
STATUS = Path("var/lib/dpkg/status.d")


def test_what_the_image_says_of_itself(relay_image: Image) -> None:
    labels = relay_image.labels
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.licenses"] == "PostgreSQL"
    assert all(labels[f"org.opencontainers.image.{name}"] for name in ("title", "description"))
    if (ROOT / ".git").exists():
        revision = run(["git", "rev-parse", "HEAD"], cwd=ROOT).strip()
        assert labels["org.opencontainers.image.revision"].removesuffix("-dirty") == revision
    assert relay_image.config["User"] == "65532:65532"
    assert relay_image.config["Entrypoint"] == ["/usr/bin/pg_outbox"]
    assert relay_image.config["Cmd"] == ["run", "-c", CONFIG]
    assert list(relay_image.config["ExposedPorts"]) == ["9464/tcp"]
    print(f"\n{relay_image}")


def test_nothing_runs_but_the_relay(relay_image: Image) -> None:
    """No shell, no interpreter, nothing that has more rights than who starts it."""
    files = relay_image.files()
    programs = [f for f in files if f.stat().st_mode & 0o111 and ".so" not in f.name]
    assert programs == [relay_image.root / "usr/bin/pg_outbox"]
    assert not [f for f in files if f.read_bytes().startswith(b"#!")]
    assert not [f for f in files if f.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)]


def test_only_the_users_home_is_the_users(relay_image: Image) -> None:
    everything = relay_image.root.rglob("*")
    owned = [f.relative_to(relay_image.root) for f in everything if f.lstat().st_uid != 0]
    assert owned == [Path("home/pg_outbox")]


def test_libraries_are_known_to_scanners(relay_image: Image) -> None:
    """Each is of a package whose name, version and licence are there, as it was."""
    libraries = {name for name in relay_image.names() if ".so" in name}
    assert any("librdkafka.so" in library for library in libraries)
    known = set()
    for sums in (relay_image.root / STATUS).glob("*.md5sums"):
        package = sums.name.removesuffix(".md5sums")
        status = (sums.parent / package).read_text()
        assert re.search(rf"^Package: {re.escape(package)}$", status, re.M)
        assert re.search(r"^Version: \S+$", status, re.M)
        assert (relay_image.root / "usr/share/doc" / package / "copyright").is_file()
        for line in sums.read_text().splitlines():
            digest, name = line.split("  ")
            assert hashlib.md5((relay_image.root / name).read_bytes()).hexdigest() == digest
            known.add(name)
    assert libraries == known
    assert (relay_image.root / STATUS / "ca-certificates").is_file()


def test_authorities_are_found(relay_image: Image) -> None:
    environment = dict(pair.split("=", 1) for pair in relay_image.config["Env"])
    bundle = relay_image.root / environment["SSL_CERT_FILE"].lstrip("/")
    assert bundle.read_text().count("BEGIN CERTIFICATE") > 50


@dataclass
class Setup:
    """An outbox on the servers of the tests, and settings for a relay of it."""

    image: Image
    scratch: Scratch
    postgres: Postgres
    kafka: Kafka
    http: Http
    settings: Path

    def container(self, *arguments: str, **options) -> Container:
        """A container of the relay with the settings mounted where it reads them."""
        return Container(
            self.image, self.scratch, list(arguments) or None,
            binds=[Bind(self.settings, CONFIG)], **options,
        )  # fmt: skip

    def command(self, *arguments: str) -> str:
        """Runs a command of the image to its end, and returns what it says."""
        container = self.container(*arguments)
        status = container.wait()
        assert status == 0, container.log()
        return container.log()


@pytest.fixture
def setup(
    relay_image: Image, scratch: Scratch, postgres: Postgres, kafka: Kafka
) -> Iterator[Setup]:
    http = Http()
    settings = scratch.path / "pg_outbox.conf"
    settings.write_text(
        f"[postgres]\nhost = 127.0.0.1\nport = {postgres.port}\ndbname = postgres\n"
        f"user = relay\n[kafka]\nbootstrap.servers = {kafka.brokers}\n"
        f"[http]\nlisten = 0.0.0.0:{http.port}\n"
    )
    with postgres.connect() as db:
        db.execute(TABLE)
        db.execute("CREATE ROLE relay LOGIN REPLICATION")
    yield Setup(relay_image, scratch, postgres, kafka, http, settings)
    with postgres.connect() as db:
        db.execute("DROP TABLE outbox")
        db.execute("DROP ROLE relay")


def test_publishes_answers_and_ends(setup: Setup) -> None:
    assert setup.command("--version") == f"pg_outbox {VERSION}"
    assert "created" in setup.command("create-slot", "-c", CONFIG)
    relay = setup.container()
    try:
        relay.wait_for_log("streaming")
        confined(relay)
        with setup.postgres.connect() as db:
            db.execute(
                "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
                " VALUES ('Image', 'k', 'Happened', '{}')"
            )
        wait_until(lambda: setup.kafka.count("Image.events") == 1, "the event in Kafka")
        for path in ("/livez", "/readyz", "/metrics", "/status.json", "/"):
            assert setup.http.ask(path).status == 200, path
        assert setup.http.metric('events_total{outcome="published"}') == 1
        asked = time.monotonic()
        assert relay.terminate() == 0, relay.log()
        print(f"\nended {time.monotonic() - asked:.2f} s after SIGTERM")
    finally:
        relay.kill()
    [record] = setup.kafka.read("Image.events")
    assert (record.key, record.header("eventType"), record.value) == (b"k", "Happened", b"{}")
    assert "dropped" in setup.command("drop-slot", "-c", CONFIG)


def confined(container: Container) -> None:
    """Checks that a container has nothing that the test would not notice to be used."""
    process = Path(f"/proc/{container.first_process()}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    assert status["Uid"].split() == ["65532"] * 4
    assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    [root] = [
        fields for line in (process / "mountinfo").read_text().splitlines()
        if (fields := line.split())[4] == "/"
    ]  # fmt: skip
    assert "ro" in root[5].split(",")


def test_settings_without_a_file(relay_image: Image, scratch: Scratch) -> None:
    """The image's own file serves /readyz to the container's network, and variables win."""
    container = Container(
        relay_image, scratch, [*relay_image.config["Cmd"], "--print-config"],
        {"PG_OUTBOX_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"},
    )  # fmt: skip
    assert container.wait() == 0, container.log()
    assert "listen = 0.0.0.0:9464" in container.lines
    assert "bootstrap.servers = kafka:9092" in container.lines
