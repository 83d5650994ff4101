"""Alert rules and dashboard, with a real Prometheus."""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from conftest import Outbox
from harness.http import Http
from harness.process import ROOT, free_port, start
from harness.scratch import Scratch
from harness.wait import wait_until

MONITORING = ROOT / "deploy" / "monitoring"


def promtool(*arguments: str) -> None:
    done = subprocess.run(
        ["promtool", *arguments], cwd=MONITORING, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_alert_rules() -> None:
    promtool("check", "config", "prometheus.yaml")
    promtool("test", "rules", "alerts.test.yaml")


def alerts() -> set[str]:
    return set(re.findall(r"- alert: (\w+)", (MONITORING / "alerts.yaml").read_text()))


def test_every_alert_has_a_test_and_says_what_to_do() -> None:
    tests = (MONITORING / "alerts.test.yaml").read_text()
    page = (ROOT / "docs" / "monitoring.md").read_text()
    for alert in alerts():
        assert re.search(rf"alertname: {alert}\n\s+exp_alerts:", tests), alert
        assert f"### {alert}" in page, alert


def test_every_metric_is_documented(outbox: Outbox) -> None:
    http = Http()
    outbox.create_slot()
    outbox.streaming_relay(*http.arguments)
    wait_until(
        lambda: "pg_outbox_slot_retained_wal_bytes" in http.metrics(), "the slot asked for"
    )
    page = (ROOT / "docs" / "monitoring.md").read_text()
    kinds = set(re.findall(r"^# TYPE (pg_outbox\w+)", http.ask("/metrics").body, re.M))
    assert not {kind for kind in kinds if f"`{kind}" not in page}


class Prometheus:
    """A Prometheus that scrapes one relay every second."""

    def __init__(self, scratch: Scratch, target: str) -> None:
        folder = scratch.folder("prometheus")
        self.url = f"http://127.0.0.1:{free_port()}"
        config = folder / "prometheus.yaml"
        config.write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
            "scrape_configs:\n"
            f"  - {{job_name: pg_outbox, static_configs: [{{targets: ['{target}']}}]}}\n"
        )
        self._process = start(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={self.url.removeprefix('http://')}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def query(self, expression: str) -> list[dict]:
        """What it answers; nothing while it is starting."""
        query = urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            assert error.code == 503, f"{expression}: {error.read().decode()}"
            return []
        except urllib.error.URLError:
            return []

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def watched(scratch: Scratch, own_outbox: Outbox) -> Iterator[Prometheus]:
    """A relay on a server that limits its slot, with an event now and then."""
    http = Http()
    own_outbox.db.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'")
    own_outbox.db.execute("SELECT pg_reload_conf()")
    own_outbox.create_slot()
    own_outbox.streaming_relay(*http.arguments)
    prometheus = Prometheus(scratch, http.listen)
    yield prometheus
    prometheus.close()


def test_every_query_of_the_dashboard_returns_data(
    own_outbox: Outbox, watched: Prometheus
) -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    queries = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    assert len(queries) > 15
    wait_until(lambda: watched.query("pg_outbox_slot_safe_wal_bytes"), "the first scrapes")
    for query in queries:
        expression = (
            query.replace("$job", ".*")
            .replace("$instance", ".*")
            .replace("$__rate_interval", "10s")
        )

        def answered(expression: str = expression) -> bool:
            own_outbox.add()
            found = watched.query(expression)
            return bool(found) and found[0]["value"][1] != "NaN"

        wait_until(answered, expression)
