"""Manifests as a cluster gets them, and what its API server would say."""

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from .process import ROOT

Manifest = dict[str, Any]

CHART = ROOT / "deploy" / "helm" / "pg-outbox"
PLAIN = ROOT / "deploy" / "kubernetes"
VALUES = ROOT / "test" / "kubernetes" / "values"
CRDS = ROOT / "build" / "crds"
TOOLS = ROOT / "build" / "helm"

# The oldest, which the chart names as well, one that most have, and the newest.
VERSIONS = ("1.30", "1.35", "1.37")


# How manifests come about.


def helm(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Runs helm; check says whether it must succeed."""
    done = subprocess.run(
        [str(TOOLS / "helm"), *arguments], capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"helm {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done


def template(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """What helm renders of the chart for release "shop", with values or --set."""
    return helm(
        "template", "shop", str(CHART), "--kube-version", VERSIONS[1], *arguments, check=check
    )


def render(*arguments: str) -> list[Manifest]:
    return load(template(*arguments).stdout)


def values(name: str) -> list[str]:
    return ["-f", str(VALUES / f"{name}.yaml")]


def load(text: str) -> list[Manifest]:
    return [manifest for manifest in yaml.load_all(text, yaml.CSafeLoader) if manifest]


def kustomize(folder: Path) -> list[Manifest]:
    """What kustomize makes of a folder."""
    done = subprocess.run(
        [str(TOOLS / "kustomize"), "build", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"kustomize build {folder}:\n{done.stderr}")
    return load(done.stdout)


def plain(folder: Path) -> list[Manifest]:
    """The same without kustomize, as far as the folder needs it: resources, generated
    ConfigMaps (without a hash in their names), and the namespace."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = [folder / name for name in kustomization["resources"]]
    manifests = [manifest for file in files for manifest in load(file.read_text())]
    for generator in kustomization.get("configMapGenerator", []):
        manifests.append(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": generator["name"]},
                "data": {name: (folder / name).read_text() for name in generator["files"]},
            }
        )
    for manifest in manifests:
        if manifest["kind"] != "Namespace":
            manifest["metadata"]["namespace"] = kustomization["namespace"]
    return manifests


def find(manifests: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The one manifest of a kind, or of a kind and a name."""
    [found] = [
        m for m in manifests if m["kind"] == kind and name in (None, m["metadata"]["name"])
    ]
    return found


# What a cluster's API server would say.


def is_core(manifest: Manifest) -> bool:
    """Whether it is of Kubernetes itself, and no custom resource."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def core_errors(manifest: Manifest, version: str) -> list[str]:
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
        return []
    except kubernetes_validate.ValidationError as error:
        return [f"{'/'.join(map(str, error.path))}: {error.message}"]


def strict(schema: Any) -> Any:
    """The schema of a custom resource as a JSON schema that refuses fields which the API
    server would drop without a word."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: strict(value) for key, value in schema.items() if not key.startswith("x-")}
    if isinstance(schema.get("properties"), dict):
        result["properties"] = {k: strict(v) for k, v in schema["properties"].items()}
        keeps = schema.get("x-kubernetes-preserve-unknown-fields")
        if not keeps and "additionalProperties" not in schema:
            result["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
    result.pop("format", None)
    return result


@functools.cache
def definitions() -> dict[tuple[str, str], Any]:
    """The schemas of custom resources, by apiVersion and kind."""
    found = {}
    for file in sorted(CRDS.glob("*.yaml")):
        spec = load(file.read_text())[0]["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            # Checked by the API server, not by the schema.
            schema["properties"]["metadata"] = {"x-kubernetes-preserve-unknown-fields": True}
            api = f"{spec['group']}/{version['name']}"
            found[api, spec["names"]["kind"]] = strict(schema)
    return found


def custom_errors(manifest: Manifest, schemas: dict[tuple[str, str], Any]) -> list[str]:
    schema = schemas.get((manifest["apiVersion"], manifest["kind"]))
    if schema is None:
        return [f"{manifest['apiVersion']} {manifest['kind']} is not defined"]
    validator = jsonschema.Draft202012Validator(schema)
    return [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in validator.iter_errors(manifest)
    ]


def pod_specs(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The pods of all workloads, with a name for messages."""
    for manifest in manifests:
        spec = manifest.get("spec", {})
        if manifest["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if is_core(manifest) and "template" in spec:
            yield f"{manifest['kind']} {manifest['metadata']['name']}", spec["template"]["spec"]
