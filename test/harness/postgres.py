"""A PostgreSQL server of one's own, with the decoder of this checkout."""

import os
import re
import signal
from pathlib import Path

import psycopg

from .process import ROOT, free_port, run, server_user, start
from .scratch import Scratch
from .wait import wait_until

SETTINGS = """
wal_level = logical
max_replication_slots = 40
max_wal_senders = 40
max_connections = 100
max_prepared_transactions = 10
fsync = off
timezone = 'UTC'
log_line_prefix = '%m [%p] '
listen_addresses = '127.0.0.1'
"""


# What a log says of a server or one of its processes that broke down: the server
# goes on, the test must not.
CRASH = re.compile(r"TRAP: |PANIC: |was terminated by signal (4|6|7|8|11)\b")


def _installation(scratch: Scratch) -> Path:
    """Where the programs of the scratch folder's own installation are."""
    folder = scratch.path / "installation"
    script = ROOT / "test" / "setup" / "installation.sh"
    if not folder.exists():
        run([str(script), str(folder)])
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    return folder / run([pg_config, "--bindir"]).strip().lstrip("/")


class Postgres:
    """A server below a scratch folder, with decoder and extension installed; all
    of a scratch folder share an installation."""

    def __init__(
        self, scratch: Scratch, name: str = "postgres", primary: "Postgres | None" = None
    ) -> None:
        """With a primary, which must run, it is a hot standby of that one."""
        self.folder = scratch.folder(name)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.port = free_port()
        self.bindir = _installation(scratch)
        self.library = self._pkglibdir() / "pg_outbox.so"
        self._process = None
        if primary is None:
            self._init()
        else:
            self._copy(primary)
        self.configure(
            f"port = {self.port}", f"unix_socket_directories = '{self.folder}'"
        )

    def _tool(self, tool: str, *arguments: str) -> str:
        return run(
            [*server_user(), str(self.bindir / tool), *arguments], cwd=self.folder
        )

    def _pkglibdir(self) -> Path:
        return Path(self._tool("pg_config", "--pkglibdir").strip())

    def _init(self) -> None:
        self._tool(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust",
            "-E", "UTF8", "--no-locale", "--no-sync",
        )
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(SETTINGS)
        if self.knows_output_plugin_libraries():
            self.configure(
                "output_plugin_libraries = 'pgoutput, test_decoding, pg_outbox'"
            )

    def _copy(self, primary: "Postgres") -> None:
        self._tool(
            "pg_basebackup", "-D", str(self.data), "-d", primary.conninfo(),
            "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
        )

    def promote(self) -> None:
        """Makes a primary of a standby."""
        self._tool("pg_ctl", "-D", str(self.data), "-w", "promote")

    def knows_output_plugin_libraries(self) -> bool:
        """Whether the server has the setting; one that has not won't start with it."""
        return "output_plugin_libraries" in self._tool("postgres", "--describe-config")

    def configure(self, *settings: str) -> None:
        """Adds lines to postgresql.conf; they hold from the next start on."""
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("".join(f"{setting}\n" for setting in settings))

    def start(self) -> "Postgres":
        with self.log.open("a") as log:
            self._process = start(
                [*server_user(), str(self.bindir / "postgres"), "-D", str(self.data)],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        wait_until(self._answers, f"PostgreSQL answers ({self.log})")
        return self

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended:\n{self.log.read_text()}")
        try:
            self.connect().close()
            return True
        except psycopg.OperationalError:
            return False

    def stop(self, mode: str = "fast", timeout: int = 60) -> None:
        """Stops the server as pg_ctl does and waits until it is gone."""
        if self._process is not None:
            self._tool(
                "pg_ctl", "-D", str(self.data), "-m", mode, "-t", str(timeout), "stop"
            )
            self._process.wait(timeout)
            self._process = None
            self._check_log()

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """Ends all of it at once."""
        if self._process is not None:
            self._postmaster_signal(signal.SIGQUIT)
            self._process.wait(60)
            self._process = None
            self._check_log()

    def _check_log(self) -> None:
        """Fails if the server or one of its processes crashed."""
        lines = self.log.read_text(errors="replace").splitlines()
        crashes = [line for line in lines if CRASH.search(line)]
        assert not crashes, "\n".join(["the server crashed:", *crashes])

    def _postmaster_signal(self, number: int) -> None:
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists():
            os.kill(int(pid_file.read_text().split()[0]), number)

    def conninfo(self, dbname: str = "postgres", user: str = "postgres") -> str:
        return f"host=127.0.0.1 port={self.port} user={user} dbname={dbname}"

    def connect(self, dbname: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.conninfo(dbname), autocommit=True)
