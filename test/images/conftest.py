"""The images that test/images.sh built, and servers for them."""

from collections.abc import Iterator

import pytest
from harness.container import Image
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import ROOT
from harness.scratch import Scratch

pytest_plugins = ["harness.fixtures"]

VERSION = (ROOT / "VERSION").read_text().strip()


@pytest.fixture(scope="session")
def relay_image() -> Image:
    return Image.find(f"localhost/pg-outbox:{VERSION}")


@pytest.fixture(scope="session")
def extension_image() -> Image:
    return Image.find(f"localhost/pg-outbox-extension:{VERSION}-18")


@pytest.fixture(scope="session")
def postgres_image() -> Image:
    return Image.find(f"localhost/pg-outbox-postgres:{VERSION}-17")


@pytest.fixture(scope="session")
def postgres_17() -> Image:
    """What that one was built on."""
    return Image.find("localhost/base:trixie-postgresql-17")


@pytest.fixture(scope="session")
def postgres_18() -> Image:
    """A PostgreSQL 18 without pg_outbox, as CloudNativePG's is."""
    return Image.find("localhost/base:forky-postgresql-18")


@pytest.fixture(scope="session")
def tasks_image() -> Image:
    return Image.find("localhost/pg-outbox-tasks")


@pytest.fixture(scope="session")
def postgres(scratch: Scratch) -> Iterator[Postgres]:
    postgres = Postgres(scratch)
    try:
        yield postgres.start()
    finally:
        postgres.kill()


@pytest.fixture(scope="session")
def kafka(scratch: Scratch) -> Iterator[Kafka]:
    kafka = Kafka(scratch)
    try:
        yield kafka.start()
    finally:
        kafka.kill()
