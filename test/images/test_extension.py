"""The extension's image, in the way in which CloudNativePG uses it: its files are
shown, read-only, in a container of PostgreSQL 18 that has none of ours, and two settings
say where they are."""

from conftest import VERSION
from harness.container import Bind, Image
from harness.scratch import Scratch
from server import check_events, running

FOLDER = "/extensions/pg_outbox"


def test_has_what_is_mounted_and_nothing_else(extension_image: Image) -> None:
    assert extension_image.labels["org.opencontainers.image.version"] == VERSION
    assert extension_image.config["User"] == "65532:65532"
    found = extension_image.names()
    scripts = {name for name in found if name.startswith("share/extension/pg_outbox--")}
    assert f"share/extension/pg_outbox--{VERSION}.sql" in scripts
    assert found - scripts == {
        "lib/pg_outbox.so", "share/extension/pg_outbox.control", "licenses/pg_outbox/LICENSE",
    }  # fmt: skip
    print(f"\n{extension_image}")


def test_loads_from_where_it_is_mounted(
    extension_image: Image, postgres_18: Image, scratch: Scratch
) -> None:
    assert not [name for name in postgres_18.names() if "pg_outbox" in name]
    settings = {
        "extension_control_path": f"$system:{FOLDER}/share",
        "dynamic_library_path": f"$libdir:{FOLDER}/lib",
    }
    binds = [Bind(extension_image.root, FOLDER)]
    with running(postgres_18, scratch, 18, settings, binds) as db:
        check_events(db, VERSION)
