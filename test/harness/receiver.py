"""pg_recvlogical as a client of the decoder that gathers lines."""

from pathlib import Path

from .postgres import Postgres
from .process import start


class Receiver:
    """A running pg_recvlogical that writes what it gets to a file."""

    def __init__(
        self, postgres: Postgres, conninfo: str, slot: str, out: Path, *options: str
    ) -> None:
        self._process = start(
            [
                str(postgres.bindir / "pg_recvlogical"), "-d", conninfo,
                "--slot", slot, "--start", "--no-loop", "-f", str(out), "-F", "0",
                *(a for o in ("coalesce=65536", *options) for a in ("-o", o)),
            ],
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def memory_kb(pid: int) -> int:
    """What a process has allocated and touched, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(ln for ln in status.splitlines() if ln.startswith("RssAnon"))
    return int(line.split()[1])
