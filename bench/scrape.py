"""Compares a relay that is scraped every second with one without [http].

Both drain the same backlog from copies of one slot, in turn; medians of the
rounds, and of the ratios within each.
"""

import argparse
import threading
from collections import defaultdict
from statistics import median

from backlog import Drained, drain, fill
from harness.http import Http
from harness.relay import Relay
from harness.scratch import Scratch
from relay import Site


class Scraper(threading.Thread):
    """Asks for the metrics every second, and for the page's data."""

    def __init__(self, http: Http) -> None:
        super().__init__(daemon=True)
        self.scrapes = 0
        self._http = http
        self._stopping = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._stopping.wait(1):
            try:
                self._http.ask("/metrics")
                self._http.ask("/status.json")
                self.scrapes += 1
            except OSError:
                continue  # it does not listen yet

    def stop(self) -> int:
        self._stopping.set()
        self.join()
        return self.scrapes


def measure(site: Site, source: str, events: int, http: Http | None) -> Drained:
    slot = site.slot(None, source)
    relays: list[Relay] = []

    def begin() -> int:
        relays.append(
            Relay(
                "-d", site.postgres.conninfo(), "-b", site.kafka.brokers,
                "--slot", slot, *(http.arguments if http else ()),
            )
        )
        return relays[0].pid

    scraper = Scraper(http) if http else None
    drained = drain(site.kafka, events, begin)
    if scraper is not None and scraper.stop() == 0:
        raise RuntimeError("the backlog is too small: the relay was never scraped")
    relays[0].terminate()
    return drained


def report(drained: dict[str, list[Drained]]) -> None:
    for name, done in drained.items():
        print(
            f"  {name:10}{median(d.rate for d in done):10,.0f} events/s"
            f"{median(d.cpu for d in done) * 1e6:8.2f} µs CPU an event"
            f"{median(d.memory for d in done):8.1f} MB"
        )
    pairs = list(zip(drained["scraped"], drained["without"], strict=True))
    print(
        f"  scraped / without: {median(a.rate / b.rate for a, b in pairs):.3f} of the"
        f" rate, {median(a.cpu / b.cpu for a, b in pairs):.3f} of the CPU,"
        f" {median(a.memory - b.memory for a, b in pairs):+.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with Scratch() as scratch:
        site = Site(scratch)
        try:
            site.launch()
            source = site.slot(None)
            with site.postgres.connect() as db:
                fill(db, arguments.events, 1)
            print(f"{arguments.events} events, one a transaction", flush=True)
            drained: dict[str, list[Drained]] = defaultdict(list)
            for round_ in range(arguments.rounds):
                # Whoever is first in a round may find the other's pages warm.
                kinds = [("without", None), ("scraped", Http())]
                for name, http in kinds if round_ % 2 == 0 else reversed(kinds):
                    drained[name].append(measure(site, source, arguments.events, http))
            report(drained)
        finally:
            site.kill()


if __name__ == "__main__":
    main()
