"""The relay as a process of its own."""

import os
import shlex
import signal
import subprocess
import threading

from .process import ROOT, start
from .wait import wait_until

BINARY = ROOT / "consumer" / "pg_outbox"


def parse_logfmt(line: str) -> dict[str, str]:
    """The fields of a log line; a line in another format has only "text"."""
    try:
        fields = dict(part.split("=", 1) for part in shlex.split(line))
    except ValueError:
        return {"text": line}
    return fields if "msg" in fields else {"text": line}


class Relay:
    """A running "pg_outbox run" and the lines of its log; env is added to its
    environment."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._process = start(
            [str(BINARY), "run", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        return "\n".join(self.lines)

    def messages(self) -> list[str]:
        return [parse_logfmt(line).get("msg", line) for line in list(self.lines)]

    def wait_for_log(self, text: str, timeout: float = 60) -> str:
        """Waits for a line with the text in its message and returns the message."""

        def found() -> str | None:
            message = next((m for m in self.messages() if text in m), None)
            if message is None and self._process.poll() is not None:
                self._reader.join(5)
                message = next((m for m in self.messages() if text in m), None)
                if message is None:
                    raise RuntimeError(f"the relay ended:\n{self.log()}")
            return message

        return wait_until(found, f'"{text}" in the relay\'s log', timeout)

    def wait(self, timeout: float = 60) -> int:
        """Waits for the end and returns the exit status."""
        status = self._process.wait(timeout)
        self._reader.join(timeout)
        return status

    def terminate(self, timeout: float = 60) -> int:
        """Ends it as an operator does and returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        self.wait()

    def signal(self, number: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def running(self) -> bool:
        return self._process.poll() is None
