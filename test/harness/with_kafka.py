"""Runs a command with a Kafka broker of its own, which goes when the command ends.

    python -m harness.with_kafka COMMAND [ARGUMENT]...

The command finds it as BROKERS, HOST:PORT.
"""

import os
import subprocess
import sys

from .kafka import Kafka
from .scratch import Scratch


def main() -> int:
    with Scratch() as scratch:
        kafka = Kafka(scratch).start()
        try:
            return subprocess.run(
                sys.argv[1:], env={**os.environ, "BROKERS": kafka.brokers}, check=False
            ).returncode
        finally:
            kafka.kill()


if __name__ == "__main__":
    sys.exit(main())
