"""Brokers that start fast: with one compiler, and with classes that were loaded and
verified before (class data sharing).  Starting takes a third of the processor time
then."""

import fcntl
import subprocess
import zlib
from pathlib import Path

from .kafka import LIBS, Kafka
from .scratch import Scratch

OPTIONS = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xlog:disable")


def _archive() -> Path:
    """Where the classes are, for this version of Java."""
    version = subprocess.run(
        ["java", "-version"], capture_output=True, check=True
    ).stderr
    return LIBS.parent / f"classes-{zlib.crc32(version):08x}.jsa"


def _make(archive: Path) -> None:
    """A broker writes them when it ends."""
    new = archive.with_suffix(".new")
    with Scratch() as scratch:
        kafka = Kafka(scratch)
        Kafka.java_options = (*OPTIONS, f"-XX:ArchiveClassesAtExit={new}")
        kafka.start().stop()
    new.rename(archive)


def share_classes() -> None:
    """Lets all brokers of this process start fast; the first process of all makes
    the archive of classes, the others wait for it."""
    archive = _archive()
    Kafka.java_options = OPTIONS
    with archive.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _make(archive)
    Kafka.java_options = (*OPTIONS, f"-XX:SharedArchiveFile={archive}")
