"""The archives of a release: complete, the same each time, of one version."""

import hashlib
import json
import os
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from harness.process import ROOT, run
from pgxnclient.archive import from_file

GENERATED = {"META.json", "debian/changelog", "deploy/rpm/pg_outbox.spec"}


@pytest.fixture(scope="module")
def tarball(archives: Path, version: str) -> dict[str, bytes]:
    with tarfile.open(archives / f"pg_outbox-{version}.tar.gz") as tar:
        # A link is its target, as in a zip file.
        return {
            member.name: (
                member.linkname.encode() if member.issym() else tar.extractfile(member).read()
            )
            for member in tar
            if not member.isdir()
        }


def test_the_archives_have_what_is_committed(
    archives: Path, tarball: dict[str, bytes], version: str
) -> None:
    committed = run(["git", "-C", str(ROOT), "ls-tree", "-r", "--name-only", "HEAD"]).split("\n")
    wanted = {f"pg_outbox-{version}/{name}" for name in [*committed, *GENERATED] if name}
    assert set(tarball) == wanted
    with zipfile.ZipFile(archives / f"pg_outbox-{version}.zip") as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        assert names == wanted
        assert {name: archive.read(name) for name in names} == tarball


def test_the_checksums_are_theirs(archives: Path, version: str) -> None:
    lines = (archives / f"pg_outbox-{version}.sha256").read_text().splitlines()
    sums = dict(reversed(line.split()) for line in lines)
    assert set(sums) == {f"pg_outbox-{version}.tar.gz", f"pg_outbox-{version}.zip"}
    for name, wanted in sums.items():
        assert hashlib.sha256((archives / name).read_bytes()).hexdigest() == wanted


def test_a_commit_makes_the_same_archives(archives: Path, version: str) -> None:
    sums = archives / f"pg_outbox-{version}.sha256"
    before = sums.read_text()
    run([str(ROOT / "deploy" / "dist.sh")])
    assert sums.read_text() == before


def test_the_version_is_in_one_place(tarball: dict[str, bytes], version: str) -> None:
    root = f"pg_outbox-{version}"
    meta = json.loads(tarball[f"{root}/META.json"])
    assert meta["version"] == version
    assert meta["provides"]["pg_outbox"]["version"] == version
    changelog = tarball[f"{root}/debian/changelog"].decode()
    assert re.match(rf"pg-outbox \({re.escape(version)}\) \w+; urgency=", changelog)


def test_pgxn_reads_the_archive(archives: Path, version: str) -> None:
    meta = from_file(str(archives / f"pg_outbox-{version}.zip")).get_meta()
    assert (meta["name"], meta["version"]) == ("pg_outbox", version)


def test_debian_control_is_up_to_date() -> None:
    template = (ROOT / "debian" / "control.in").read_text()
    control = (ROOT / "debian" / "control").read_text()
    numbers = set(re.findall(r"^Package: postgresql-(\d+)-pg-outbox$", control, re.M))
    assert len(numbers) == 1
    assert control == template.replace("PGVERSION", numbers.pop())


@pytest.mark.build
def test_pgxn_installs_the_archive(archives: Path, version: str, tmp_path: Path) -> None:
    bindir = run([str(ROOT / "test" / "setup" / "installation.sh"), str(tmp_path / "server")])
    pg_config = Path(bindir.strip()) / "pg_config"
    library = Path(run([str(pg_config), "--pkglibdir"]).strip()) / "pg_outbox.so"
    control = Path(run([str(pg_config), "--sharedir"]).strip()) / "extension" / "pg_outbox.control"
    # The client looks whether it may write there, and compiles.
    Path(run([str(pg_config), "--libdir"]).strip()).mkdir(parents=True, exist_ok=True)
    headers = Path(run([str(pg_config), "--includedir-server"]).strip())
    headers.parent.mkdir(parents=True)
    real = os.environ.get("PG_CONFIG", "pg_config")
    headers.symlink_to(run([real, "--includedir-server"]).strip())
    library.unlink()
    control.unlink()
    pgxn = ROOT / "build" / "venv" / "bin" / "pgxn"
    run(
        [str(pgxn), "install", "--nosudo", "--yes", f"--pg_config={pg_config}",
         str(archives / f"pg_outbox-{version}.zip")],
        env={"PATH": "/usr/bin:/bin", "prefix": str(tmp_path / "usr"), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert library.is_file()
    assert f"default_version = '{version}'" in control.read_text()
    relay = tmp_path / "usr" / "bin" / "pg_outbox"
    assert run([str(relay), "--version"]) == f"pg_outbox {version}\n"
