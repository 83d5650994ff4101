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
        """Makes a folder that the servers' user owns."""
        folder = self.path / name
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
