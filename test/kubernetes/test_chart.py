"""The chart: what it renders is valid, restricted, and what the relay takes."""

import re
import tarfile
from pathlib import Path

import pod_security
import psycopg
import pytest
import yaml
from harness.manifests import (
    CHART,
    VALUES,
    VERSIONS,
    Manifest,
    core_errors,
    custom_errors,
    definitions,
    find,
    helm,
    is_core,
    load,
    pod_specs,
    render,
    values,
)
from harness.outbox import TABLE
from harness.pods import PodContainer
from harness.postgres import Postgres
from harness.process import ROOT, run
from harness.relay import BINARY

NAMES = sorted(file.stem for file in VALUES.glob("*.yaml"))
SECRETS = {
    "pg-outbox-role": {"password": "right"},
    "role": {"password": "right"},
    "user": {"password": "sasl", "key-password": "key"},
    "janitor": {"password": "right"},
    "db-ca": {"ca.crt": "certificate"},
}
OTHERS = [{"kind": "ConfigMap", "metadata": {"name": "kafka-ca"}, "data": {"ca.crt": "other"}}]


def relay_of(manifests: list[Manifest], folder: Path, **arguments) -> PodContainer:
    pod = find(manifests, "Deployment")["spec"]["template"]["spec"]
    return PodContainer(manifests + OTHERS, pod, folder, SECRETS, **arguments)


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
def test_lint(name: str) -> None:
    helm("lint", "--strict", "--quiet", str(CHART), *values(name))


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(name: str, version: str) -> None:
    errors = {
        f"{m['kind']} {m['metadata']['name']}": core_errors(m, version)
        for m in render(*values(name))
        if is_core(m)
    }
    assert not {name: found for name, found in errors.items() if found}


@pytest.mark.tools
def test_every_custom_resource_is_valid() -> None:
    custom = [m for m in render(*values("everything")) if not is_core(m)]
    assert {m["kind"] for m in custom} == {"PodMonitor", "PrometheusRule"}
    errors = {m["kind"]: custom_errors(m, definitions()) for m in custom}
    assert not {name: found for name, found in errors.items() if found}


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
def test_pods_are_restricted(name: str) -> None:
    pods = dict(pod_specs(render(*values(name))))
    assert {"Deployment shop-pg-outbox", "Job shop-pg-outbox-create-slot"} <= pods.keys()
    assert not {name: found for name, pod in pods.items() if (found := pod_security.errors(pod))}


def text(value) -> str:
    """A value of the YAML file as the relay reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
def test_every_setting_arrives_as_it_was_given(name: str, tmp_path: Path) -> None:
    relay = relay_of(render(*values(name)), tmp_path)
    # Above all no --create-slot, which would hide that a slot was lost.
    assert relay.arguments == ["run", "-c", f"{tmp_path}/etc/pg_outbox/pg_outbox.conf"]
    printed = run(
        [str(BINARY), *relay.arguments, "--print-config"],
        env={**relay.env, "PATH": "/usr/bin:/bin"},
    )
    found = {}
    for line in printed.splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = found.setdefault(match[1], {})
        elif match := re.fullmatch(r"([\w.]+) = (.*)", line):
            section[match[1]] = match[2]
    given = load((VALUES / f"{name}.yaml").read_text())[0]
    for section, keys in given["config"].items():
        for key, value in keys.items():
            assert found[section][key].replace(f"{tmp_path}", "") == text(value), (section, key)
    for section, keys in given["secrets"].items():
        for key in keys:
            if section == "postgres":
                assert Path(found[section]["password_file"]).read_text() == "right"
            else:
                assert found[section][key] == "********"


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
def test_secrets_are_in_no_manifest(name: str) -> None:
    """The ConfigMap names where the passwords are."""
    maps = [m for m in render(*values(name)) if m["kind"] == "ConfigMap"]
    assert maps
    for text in (m["data"].get("pg_outbox.conf", "") for m in maps):
        assert not re.search(r"^[\w.]*password =", text, re.M)


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
def test_the_slot_is_created_with_the_relays_settings(name: str, tmp_path: Path) -> None:
    manifests = render(*values(name))
    job = find(manifests, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install"
    slot = PodContainer(
        manifests + OTHERS, job["spec"]["template"]["spec"], tmp_path / "slot", SECRETS
    )
    relay = relay_of(manifests, tmp_path / "relay")
    assert slot.arguments[:1] + slot.arguments[3:4] == ["create-slot", "--if-not-exists"]
    assert ("--failover" in slot.arguments) == (name == "everything")
    read = [Path(c.arguments[2]).read_text().replace(f"{tmp_path}", "") for c in (slot, relay)]
    assert read[0].replace("/slot", "") == read[1].replace("/relay", "")


@pytest.mark.tools
def test_strategy() -> None:
    """More than one relay only with exactly-once; a rollout never leaves none to take over."""
    spec = find(render(*values("defaults")), "Deployment")["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    manifests = render(*values("at-least-once"))
    spec = find(manifests, "Deployment")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert not [m for m in manifests if m["kind"] == "PodDisruptionBudget"]


@pytest.mark.tools
def test_a_changed_setting_replaces_the_pods() -> None:
    def template(*more: str) -> Manifest:
        return find(render(*values("defaults"), *more), "Deployment")["spec"]["template"]

    assert template() == template()
    assert template() != template("--set", "config.log.level=debug")


@pytest.mark.tools
def test_rules_and_dashboard_are_those_of_monitoring(tmp_path: Path) -> None:
    monitoring = ROOT / "deploy" / "monitoring"
    manifests = render(*values("everything"))
    rules = find(manifests, "PrometheusRule")["spec"]
    assert rules == yaml.safe_load((monitoring / "alerts.yaml").read_text())
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rules))
    run(["promtool", "check", "rules", str(file)])
    dashboard = find(manifests, "ConfigMap", "shop-pg-outbox-dashboard")["data"]
    assert dashboard["pg_outbox.json"].strip() == (monitoring / "dashboard.json").read_text().strip()


@pytest.mark.tools
def test_the_job_of_the_monitor_is_one_that_the_rules_know() -> None:
    """The Prometheus operator calls a PodMonitor's job NAMESPACE/NAME."""
    manifests = render(*values("everything"))
    monitor = find(manifests, "PodMonitor")
    assert "jobLabel" not in monitor["spec"]
    [pattern] = re.findall(r'job=~"(.*?)"', yaml.safe_dump(find(manifests, "PrometheusRule"), width=9999))
    assert re.fullmatch(pattern, f"shop/{monitor['metadata']['name']}")
    pod = find(manifests, "Deployment")["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in [p["name"] for p in pod["spec"]["containers"][0]["ports"]]


@pytest.mark.tools
def test_package(tmp_path: Path) -> None:
    """What is linked in the checkout is a file in the package."""
    helm("package", str(CHART), "-d", str(tmp_path))
    version = (ROOT / "VERSION").read_text().strip()
    with tarfile.open(tmp_path / f"pg-outbox-{version}.tgz") as package:
        package.extractall(tmp_path, filter="data")
    for name in ("alerts.yaml", "dashboard.json"):
        file = tmp_path / "pg-outbox" / "files" / name
        assert not file.is_symlink()
        assert file.read_text() == (ROOT / "deploy" / "monitoring" / name).read_text()


def test_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = (ROOT / "VERSION").read_text().strip()
    assert chart["version"] == chart["appVersion"] == version
    assert VERSIONS[0] in chart["kubeVersion"]


def test_every_value_is_described_in_the_readme() -> None:
    run([str(ROOT / "deploy" / "helm" / "readme.py"), "--check"])


@pytest.mark.tools
def test_cleanup_deletes_old_rows(postgres: Postgres, tmp_path: Path) -> None:
    """The CronJob, as a role that may do that and nothing else."""
    manifests = render(
        *values("defaults"), "--set", f"config.postgres.host=127.0.0.1,config.postgres.port={postgres.port}",
        "--set", "config.postgres.dbname=cleaned,config.postgres.sslmode=prefer",
        "--set", "cleanup.enabled=true,cleanup.postgres.user=janitor,cleanup.olderThan=7 days",
        "--set", "cleanup.secrets.password.name=janitor,cleanup.secrets.password.key=password",
    )  # fmt: skip
    pod = find(manifests, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    job = PodContainer(manifests, pod, tmp_path, SECRETS)
    with postgres.connect() as db:
        db.execute("CREATE DATABASE cleaned")
    with postgres.connect("cleaned") as db:
        db.execute("CREATE EXTENSION pg_outbox")
        db.execute(TABLE)
        db.execute("CREATE ROLE janitor LOGIN PASSWORD 'right'")
        db.execute("SELECT outbox.grant_cleanup('janitor', 'public.outbox')")
        db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, created_at)"
            " SELECT 'Task', n, 'Happened', '{}', now() - n * interval '1 day'"
            " FROM generate_series(0, 9) n"
        )
        run([str(postgres.bindir / job.command[0]), *job.command[1:]], env=job.env)
        left = db.execute("SELECT aggregate_id::int FROM outbox ORDER BY 1").fetchall()
    assert [n for (n,) in left] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.tools
def test_cleanup_quotes_what_it_is_given(postgres: Postgres, tmp_path: Path) -> None:
    """The names and values of everything.yaml, read by libpq and PostgreSQL."""
    manifests = render(*values("everything"))
    pod = find(manifests, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    job = PodContainer(manifests, pod, tmp_path, SECRETS)
    assert job.env["PGPASSWORD"] == "right"
    [conninfo] = [a for a in job.command if "host=" in a]
    parsed = psycopg.conninfo.conninfo_to_dict(conninfo)
    assert parsed["user"] == "janitor"
    assert parsed["application_name"] == "back\\slash"
    assert parsed["host"] == "db1,db2"
    assert Path(parsed["sslrootcert"]).read_text() == "certificate"
    assert [v["name"] for v in pod["volumes"]] == ["file-postgres"]
    sql = job.command[-1]
    with postgres.connect() as db:
        db.execute("CREATE SCHEMA IF NOT EXISTS outbox")
        db.execute(
            "CREATE PROCEDURE outbox.maintain(tables text, older_than interval) LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE NOTICE '% / %', tables, older_than; END $$"
        )
        notices: list[str] = []
        db.add_notice_handler(lambda d: notices.append(d.message_primary))
        db.execute(sql)
        db.execute("DROP SCHEMA outbox CASCADE")
    assert notices[0] == "public.outbox, billing.\"it's\" / 14 days"


@pytest.mark.tools
def test_names_are_looked_up_on_every_cluster() -> None:
    """Where the way out is limited; a policy sees the pods' port, not their service's."""
    policy = find(render(*values("everything")), "NetworkPolicy")
    dns, *others = policy["spec"]["egress"]
    assert dns["ports"] == [
        {"port": port, "protocol": protocol} for port in (53, 5353) for protocol in ("UDP", "TCP")
    ]
    assert [rule["ports"] for rule in others] == [[{"port": 5433, "protocol": "TCP"}]]


def test_no_value_is_without_an_effect_or_a_schema() -> None:
    """Each value is read by a template; the schema knows it, and nothing else."""
    schema = load((CHART / "values.schema.json").read_text())[0]
    given = load((CHART / "values.yaml").read_text())[0]
    sources = "".join(f.read_text() for f in (CHART / "templates").iterdir())
    assert schema["properties"].keys() - {"global"} == given.keys()
    for name in given:
        assert f".Values.{name}" in sources, name


