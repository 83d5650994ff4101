"""The image of PostgreSQL with decoder and extension."""

from conftest import VERSION
from harness.container import Image
from harness.scratch import Scratch
from server import check_events, running


def test_is_its_base_and_our_files(postgres_image: Image, postgres_17: Image) -> None:
    assert postgres_image.labels["org.opencontainers.image.version"] == VERSION
    for name in ("User", "Entrypoint", "Cmd", "WorkingDir"):
        assert postgres_image.config.get(name) == postgres_17.config.get(name), name
    assert set(postgres_17.config.get("Env", [])) <= set(postgres_image.config["Env"])
    added = postgres_image.names() - postgres_17.names()
    assert "usr/lib/postgresql/17/lib/pg_outbox.so" in added
    assert not [name for name in added if "pg_outbox" not in name]
    print(f"\n{postgres_image}; its base {postgres_17}")


def test_decodes(postgres_image: Image, scratch: Scratch) -> None:
    with running(postgres_image, scratch, 17, {}) as db:
        check_events(db, VERSION)
