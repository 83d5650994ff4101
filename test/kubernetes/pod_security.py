"""Pod Security "restricted", as Kubernetes' documentation of Pod Security Standards has it,
and what we ask of pods beside it."""

from collections.abc import Iterator
from typing import Any

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
SECCOMP = {"RuntimeDefault", "Localhost"}
CAPABILITIES = {"NET_BIND_SERVICE"}


def of_pod(pod: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a pod, without its containers."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"{key} is true"
    for volume in pod.get("volumes", []):
        for kind in volume.keys() - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is a {kind}"
    security = pod.get("securityContext", {})
    if security.get("sysctls"):
        yield "sysctls are set"
    if pod.get("automountServiceAccountToken") is not False:
        yield "it gets a token of the API server, which it does not need"


def of_container(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a container; what it does not say, its pod says."""
    own = container.get("securityContext", {})
    security = {**pod.get("securityContext", {}), **own}
    capabilities = own.get("capabilities", {})
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities are not dropped"
    for capability in set(capabilities.get("add", [])) - CAPABILITIES:
        yield f"has capability {capability}"
    if security.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if security.get("runAsUser") == 0:
        yield "runs as root"
    if security.get("seccompProfile", {}).get("type") not in SECCOMP:
        yield "no seccomp profile"
    if own.get("procMount", "Default") != "Default":
        yield "procMount is not Default"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "has a port of the host"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "its root file system can be written to"
    if "memory" not in container.get("resources", {}).get("limits", {}):
        yield "no limit of memory"


def errors(pod: dict[str, Any]) -> list[str]:
    found = list(of_pod(pod))
    for container in pod.get("initContainers", []) + pod["containers"]:
        found += [f"{container['name']}: {e}" for e in of_container(container, pod)]
    return found
