"""Images in buildah's storage, and containers of them by an OCI runtime, crun.

With the network of the machine, so that servers of the tests are reached; all else
is a container's own.  Needs root.
"""

import itertools
import json
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .process import run, start
from .scratch import Scratch
from .wait import wait_until

_numbers = itertools.count(1)

# As an ordinary runtime has them, and cgroups nowhere.
_MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "mode=755"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "nodev", "mode=1777"]},
]  # fmt: skip

# crun wants one version of cgroups, and some machines have both.
_CRUN = 'mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled "$@"'


@dataclass(frozen=True)
class Image:
    """An image: its configuration as OCI has it, and its files."""

    name: str
    config: dict
    root: Path

    @classmethod
    def find(cls, name: str) -> "Image":
        """One that was built; its files are to be looked at, not to be changed."""
        described = json.loads(run(["buildah", "inspect", "--type", "image", name]))
        container = run(["buildah", "from", "--pull-never", name]).strip()
        root = Path(run(["buildah", "mount", container]).strip())
        return cls(name, described["OCIv1"]["config"], root)

    def files(self) -> list[Path]:
        """Its regular files."""
        return [f for f in self.root.rglob("*") if f.is_file() and not f.is_symlink()]

    def names(self) -> set[str]:
        """Their paths in the image, without the first slash."""
        return {str(f.relative_to(self.root)) for f in self.files()}

    def __str__(self) -> str:
        size = sum(f.stat().st_size for f in self.files())
        return f"{self.name}: {size / 1e6:.1f} MB"

    @property
    def labels(self) -> dict[str, str]:
        return self.config["Labels"]

    @property
    def user(self) -> tuple[int, int]:
        """The numeric user and group that it names."""
        uid, _, gid = self.config["User"].partition(":")
        return int(uid), int(gid)


@dataclass(frozen=True)
class Bind:
    """A folder or file of the machine that is shown in a container."""

    source: Path
    destination: str
    writable: bool = False


@dataclass
class Container:
    """A running container of an image, as Kubernetes' restricted Pod Security has it:
    the root file system is read-only, and the processes have no capabilities and can
    gain none.  Its first process is the image's entry point with arguments, those of
    the image without any, as the image's user."""

    image: Image
    scratch: Scratch
    arguments: list[str] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    binds: list[Bind] = field(default_factory=list)
    entrypoint: list[str] | None = None
    user: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self.name = f"pg_outbox.{os.getpid()}.{next(_numbers)}"
        self.folder = self.scratch.path / self.name
        self.folder.mkdir()
        (self.folder / "config.json").write_text(json.dumps(self._config()))
        self.lines: list[str] = []
        # With a namespace of processes around it, it ends when this process does.
        self._process = start(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", _CRUN, "crun", f"--root={self.folder}/state", "run",
             f"--bundle={self.folder}", self.name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _config(self) -> dict:
        entrypoint = self.entrypoint or self.image.config.get("Entrypoint", [])
        arguments = self.arguments
        if arguments is None:
            arguments = self.image.config.get("Cmd", [])
        environment = dict(pair.split("=", 1) for pair in self.image.config.get("Env", []))
        uid, gid = self.user or self.image.user
        return {
            "ociVersion": "1.0.0",
            "root": {"path": str(self.image.root), "readonly": True},
            "process": {
                "args": [*entrypoint, *arguments],
                "env": [f"{k}={v}" for k, v in {**environment, **self.environment}.items()],
                "cwd": self.image.config.get("WorkingDir") or "/",
                "user": {"uid": uid, "gid": gid},
                "capabilities": {},
                "noNewPrivileges": True,
            },
            "mounts": [*_MOUNTS, *map(self._mount, self.binds)],
            "linux": {"namespaces": [{"type": t} for t in ("mount", "pid", "ipc", "uts")]},
        }

    @staticmethod
    def _mount(bind: Bind) -> dict:
        mode = "rw" if bind.writable else "ro"
        return {
            "destination": bind.destination, "type": "bind", "source": str(bind.source),
            "options": ["bind", mode],
        }

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def log(self) -> str:
        return "\n".join(self.lines)

    def wait_for_log(self, text: str) -> str:
        """Waits for a line with a text and returns the line."""

        def found() -> str | None:
            ended = self._process.poll() is not None
            if ended:
                self._reader.join(60)
            line = next((line for line in list(self.lines) if text in line), None)
            if line is None and ended:
                raise RuntimeError(f"the container ended:\n{self.log()}")
            return line

        return wait_until(found, f'"{text}" in the container\'s log')

    def wait(self, timeout: float = 60) -> int:
        """Waits for the end and returns the exit status of the first process."""
        status = self._process.wait(timeout)
        self._reader.join(timeout)
        return status

    def terminate(self) -> int:
        """Ends it as Kubernetes does and returns the exit status."""
        os.kill(self.first_process(), signal.SIGTERM)
        return self.wait()

    def first_process(self) -> int:
        """The process that is the first inside, by its number outside."""
        pid = self._process.pid
        for _ in range(2):  # crun, and what it runs
            pid = int(run(["pgrep", "--parent", str(pid)]))
        return pid

    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends all of it at once."""
        self._process.kill()
        self.wait()
