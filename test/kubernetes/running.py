"""Relays that run as their pods would, and what their probes answer."""

import time
from pathlib import Path

from harness.http import Http
from harness.manifests import Manifest
from harness.pods import PodContainer
from harness.process import run
from harness.relay import BINARY, Relay
from harness.wait import wait_until


class RelayPod:
    """A relay, started as its container says, with its probes at a port of its own."""

    def __init__(self, container: PodContainer, http: Http) -> None:
        self._container = container
        self.http = http
        assert not container.command, "the image's own program is to run"
        command, *arguments = container.arguments
        assert command == "run"
        self.relay = Relay(*arguments, env=container.env)

    def probe(self, name: str) -> int:
        """The status that livenessProbe or readinessProbe is answered with."""
        get = self._container.spec[name]["httpGet"]
        assert get["port"] in [port["name"] for port in self._container.spec["ports"]]
        return self.http.ask(get["path"]).status

    def wait_ready(self) -> None:
        def answers() -> bool:
            try:
                return self.probe("readinessProbe") == 200
            except OSError:
                assert self.relay.running(), self.relay.log()
                return False

        wait_until(answers, "the relay is ready")
        assert self.probe("livenessProbe") == 200

    def close(self) -> None:
        """Ends it; pytest shows the log of a test that failed."""
        self.relay.kill()
        print(f"the relay's log:\n{self.relay.log()}")

    def streams(self) -> bool:
        return self.http.metric("streaming") == 1


def run_to_end(container: PodContainer, folder: Path, bindir: Path, env: dict[str, str]) -> str:
    """Runs the container of a job: psql, or another command of pg_outbox."""
    program, *arguments = container.command or [str(BINARY), *container.arguments]
    if program == "psql":
        program = str(bindir / program)
    return run([program, *arguments], env={"HOME": str(folder), **env, **container.env})


def port_of(container: Manifest) -> int:
    [port] = container["ports"]
    return port["containerPort"]


def hand_over(streaming: RelayPod, standby: RelayPod, publish) -> float:
    """Ends the relay that streams, as a rollout does, and returns how many seconds later what
    publish() commits then is published by the other one; publish returns whether it is."""
    assert streaming.streams() and not standby.streams()
    started = time.monotonic()
    assert streaming.relay.terminate() == 0
    is_published = publish()
    wait_until(is_published, "published by the relay that stood by", 180)
    took = time.monotonic() - started
    wait_until(standby.streams, "the relay that stood by streams")
    return took
