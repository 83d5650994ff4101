"""What a relay shows over HTTP."""

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass

from .process import free_port

# name{labels} value, as the exposition format of Prometheus has it.
_SAMPLE = re.compile(r"^([a-z_]+(?:\{.*\})?) (\S+)$")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


class Http:
    """The address that a relay listens at, and what is asked there."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()

    @property
    def listen(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.listen}"

    @property
    def arguments(self) -> list[str]:
        """What "run" needs to listen there."""
        return ["-X", f"http.listen={self.listen}", "-X", "http.slot_interval=1s"]

    def ask(self, path: str, method: str = "GET") -> Answer:
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, dict(response.headers), response.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read().decode())

    def metrics(self) -> dict[str, float]:
        """Each metric's value by its name, with its labels."""
        lines = self.ask("/metrics").body.splitlines()
        matches = (_SAMPLE.match(line) for line in lines if not line.startswith("#"))
        return {match[1]: float(match[2]) for match in matches}

    def metric(self, name: str) -> float:
        return self.metrics()[f"pg_outbox_{name}"]

    def status(self) -> dict:
        return json.loads(self.ask("/status.json").body)

    def is_ready(self) -> bool:
        return self.ask("/readyz").status == 200
