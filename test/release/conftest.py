"""What is made for a release, below a folder as it would be installed."""

import json
import os
import re
from pathlib import Path

import pytest
from harness.process import ROOT, run

RELAY = ROOT / "consumer" / "pg_outbox"


@pytest.fixture(scope="session")
def version() -> str:
    return (ROOT / "VERSION").read_text().strip()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What belongs to the relay, installed below a folder; its bindir is where the
    program of this checkout is."""
    root = tmp_path_factory.mktemp("installed")
    run(
        ["make", "-s", "-C", str(ROOT / "deploy" / "relay"), "install", f"DESTDIR={root}",
         "prefix=/usr", f"bindir={RELAY.parent}"],
        # Not those of the make that runs the tests.
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
    )  # fmt: skip
    return root / "usr"


@pytest.fixture(scope="session")
def commands() -> dict[str, str]:
    """The help of each command."""
    listed = run([str(RELAY), "--help"]).partition("Commands:\n")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z-]+)  ", listed, re.M)
    assert "run" in names and len(names) >= 6
    return {name: run([str(RELAY), name, "--help"]) for name in names}


@pytest.fixture(scope="session")
def settings() -> list[tuple[str, str]]:
    """Sections and keys that "run --print-config" prints."""
    found, section = [], ""
    for line in run([str(RELAY), "run", "--print-config"]).splitlines():
        if line.startswith("["):
            section = line[1:-1]
        elif key := re.match(r";?([a-z_.]+) =", line):
            found.append((section, key[1]))
    assert ("relay", "slot") in found
    return found


@pytest.fixture(scope="session")
def archives(version: str) -> Path:
    """The folder with the archives of what is committed."""
    run([str(ROOT / "deploy" / "dist.sh")])
    committed = json.loads(run(["git", "-C", str(ROOT), "show", "HEAD:META.json.in"]))
    assert committed["version"] == "@VERSION@"
    return ROOT / "build" / "dist"
