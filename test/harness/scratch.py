"""A folder for servers, which goes when they do."""

import os
import shutil
import tempfile
from pathlib import Path


class Scratch:
    """A temporary folder that the servers' user may write to.

    Not in the checkout: that may lie where the servers' user may not look.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pg_outbox."))
        self.path.chmod(0o755)

    def folder(self, name: str) -> Path:
        """Makes a folder that the servers' user owns, of that name or, where there is
        one, with a number: a fixture of a module may be set up twice."""
        folder, n = self.path / name, 1
        while folder.exists():
            folder, n = self.path / f"{name}-{n}", n + 1
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        return folder

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
