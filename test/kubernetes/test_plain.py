"""deploy/kubernetes and the example of a CronJob, as far as no cluster is needed."""

import re
import subprocess

import pod_security
import pytest
import yaml
from harness.manifests import (
    PLAIN,
    VERSIONS,
    Manifest,
    core_errors,
    custom_errors,
    definitions,
    find,
    is_core,
    kustomize,
    load,
    plain,
    pod_specs,
)
from harness.process import ROOT
from harness.relay import BINARY

SETUP = PLAIN / "setup"
EXAMPLE = ROOT / "examples" / "housekeeping" / "cronjob.yaml"
ALL = plain(PLAIN) + plain(SETUP) + load(EXAMPLE.read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(version: str) -> None:
    errors = {
        f"{m['kind']} {m['metadata']['name']}": core_errors(m, version) for m in ALL if is_core(m)
    }
    assert len(errors) >= 9
    assert not {name: found for name, found in errors.items() if found}


def test_a_misspelt_field_is_found() -> None:
    deployment = yaml.safe_load(yaml.safe_dump(find(ALL, "Deployment")))
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    container["readinesProbe"] = container.pop("readinessProbe")
    for version in VERSIONS:
        assert "readinesProbe" in str(core_errors(deployment, version))


def test_pods_are_restricted() -> None:
    pods = dict(pod_specs(ALL))
    assert len(pods) == 5
    assert not {name: found for name, pod in pods.items() if (found := pod_security.errors(pod))}


def test_settings_are_accepted() -> None:
    config = find(ALL, "ConfigMap", "pg-outbox")["data"]["pg_outbox.conf"]
    done = subprocess.run(
        [str(BINARY), "run", "-c", str(PLAIN / "pg_outbox.conf"), "--print-config"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in re.findall(r"^\S+ = .*$", config, re.M):
        assert line in done.stdout.splitlines()


def test_port_of_probes_is_the_one_that_is_served() -> None:
    [container] = find(ALL, "Deployment")["spec"]["template"]["spec"]["containers"]
    [port] = container["ports"]
    config = find(ALL, "ConfigMap", "pg-outbox")["data"]["pg_outbox.conf"]
    assert f"listen = 0.0.0.0:{port['containerPort']}\n" in config
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]


def test_a_pod_is_not_killed_while_it_delivers() -> None:
    """What is in flight has shutdown_timeout, 30 s by default."""
    pod = find(ALL, "Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > 30


def test_the_relays_reach_dns_postgres_and_kafka() -> None:
    """OpenShift's DNS pods listen on 5353, and a policy sees the pods' ports."""
    rules = find(ALL, "NetworkPolicy")["spec"]["egress"]
    assert [[(p["port"], p["protocol"]) for p in rule["ports"]] for rule in rules] == [
        [(53, "UDP"), (53, "TCP"), (5353, "UDP"), (5353, "TCP")], [(5432, "TCP")], [(9093, "TCP")],
    ]


def test_rights_are_those_of_the_documentation() -> None:
    page = (ROOT / "docs" / "exactly-once.md").read_text()
    patterns = {"literal": "literal", "prefixed": "prefix"}
    documented = {
        (patterns[pattern], frozenset(operations.replace("_", "").split(", ")))
        for pattern, operations in re.findall(
            r"^\| (?:transactional id|topic) `.*` \| (\w+) \| ([A-Z_, ]+) \|$", page, re.M
        )
    }
    acls = find(ALL, "KafkaUser")["spec"]["authorization"]["acls"]
    ours = {
        (acl["resource"]["patternType"], frozenset(o.upper() for o in acl["operations"]))
        for acl in acls
    }
    assert len(documented) == 2
    assert ours == documented | {("literal", frozenset({"WRITE", "DESCRIBE"}))}


def test_images_are_of_this_version() -> None:
    version = (ROOT / "VERSION").read_text().strip()
    for folder in (PLAIN, SETUP):
        images = yaml.safe_load((folder / "kustomization.yaml").read_text())["images"]
        for image in images:
            assert image["newTag"].split("-")[0] == version, image


def without_hashes(manifests: list[Manifest]) -> list[str]:
    """Manifests as text, with names as they are before kustomize adds a hash."""
    texts = (yaml.safe_dump(m) for m in manifests)
    return sorted(re.sub(r"\b(pg-outbox|schema)-[a-z0-9]{10}\b", r"\1", t) for t in texts)


@pytest.mark.tools
@pytest.mark.parametrize("folder", [PLAIN, SETUP], ids=lambda folder: folder.name)
def test_kustomize_makes_the_same_of_it(folder) -> None:
    """What is checked without kustomize is what it makes, but for the images' names."""
    version = (ROOT / "VERSION").read_text().strip()
    expected = [
        re.sub(
            r"((?:image|reference): pg-outbox(-extension)?)$",
            lambda m: f"{m[1]}:{version}{'-18' if m[2] else ''}",
            text,
            flags=re.M,
        )
        for text in without_hashes(plain(folder))
    ]
    assert without_hashes(kustomize(folder)) == sorted(expected)


@pytest.mark.tools
def test_every_custom_resource_is_valid() -> None:
    schemas = definitions()
    custom = [m for m in ALL if not is_core(m)]
    assert {m["kind"] for m in custom} == {
        "Cluster", "DatabaseRole", "Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser",
    }  # fmt: skip
    errors = {f"{m['kind']} {m['metadata']['name']}": custom_errors(m, schemas) for m in custom}
    assert not {name: found for name, found in errors.items() if found}


@pytest.mark.tools
@pytest.mark.parametrize(
    "kind", ["Cluster", "DatabaseRole", "Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"]
)
def test_a_misspelt_field_of_a_custom_resource_is_found(kind: str) -> None:
    manifest = yaml.safe_load(yaml.safe_dump(next(m for m in ALL if m["kind"] == kind)))
    spec = manifest["spec"]
    key = next(iter(spec))
    spec[f"{key}x"] = spec[key]
    assert f"'{key}x' was unexpected" in str(custom_errors(manifest, definitions()))
