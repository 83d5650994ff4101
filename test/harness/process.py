"""Processes that end with the one that started them."""

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command: list[str], **arguments) -> subprocess.Popen:
    """Starts a process that is killed should this one die.

    In a session of its own: a Ctrl-C is for this process, which then ends the
    others in their order.
    """
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,
        start_new_session=True,
        **arguments,
    )


def run(command: list[str], **arguments) -> str:
    """Runs a command to its end and returns its output; it must succeed."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **arguments,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)}: exit status {done.returncode}\n"
            f"{done.stdout}{done.stderr}"
        )
    return done.stdout


@contextmanager
def slowed(pid: int) -> Iterator[None]:
    """Lets a process compute for a few ms every second, and stops it in between."""
    ending = threading.Event()

    def computed_ms() -> float:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6

    def has_nothing_to_do() -> bool:
        # Else it is running, or waits for a processor.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "S"

    def slow() -> None:
        while not ending.is_set():
            os.kill(pid, signal.SIGSTOP)
            ending.wait(0.8)
            before = computed_ms()
            os.kill(pid, signal.SIGCONT)
            while computed_ms() < before + 4 and not has_nothing_to_do():
                time.sleep(0.001)

    thread = threading.Thread(target=slow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def server_user() -> list[str]:
    """What a server's command begins with: PostgreSQL does not run as root.

    Changing the user takes the signal away that is sent when the parent dies.
    """
    if os.geteuid() != 0:
        return []
    return [
        "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
        "--pdeathsig=KILL", "--",
    ]


_port_owners: list[socket.socket] = []


def free_port() -> int:
    """A TCP port of the loopback address that is free and stays ours: a socket named
    after it, which lives as long as this process, keeps others that ask here away."""
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        owner = socket.socket(socket.AF_UNIX)
        try:
            owner.bind(f"\0pg_outbox.port.{port}")
        except OSError:
            owner.close()
            continue
        _port_owners.append(owner)
        return port
