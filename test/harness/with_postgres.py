"""Runs a command with a PostgreSQL of its own, which goes when the command ends.

    python -m harness.with_postgres COMMAND [ARGUMENT]...

The command finds the server by libpq's environment (PGHOST, PGPORT, PGUSER,
PGDATABASE).  Decoder and extension of this checkout are installed in it.
"""

import os
import subprocess
import sys

from .postgres import Postgres
from .scratch import Scratch


def main() -> int:
    with Scratch() as scratch:
        postgres = Postgres(scratch).start()
        environment = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(postgres.port),
            "PGUSER": "postgres",
            "PGDATABASE": "postgres",
        }
        try:
            return subprocess.run(
                sys.argv[1:], env={**os.environ, **environment}, check=False
            ).returncode
        finally:
            postgres.kill()


if __name__ == "__main__":
    sys.exit(main())
