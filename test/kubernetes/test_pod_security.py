"""The check of Pod Security finds what it is for."""

import copy
from collections.abc import Callable
from typing import Any

import pod_security
import pytest
from harness.manifests import PLAIN, plain, pod_specs

GOOD = dict(pod_specs(plain(PLAIN)))["Deployment pg-outbox"]


def container(pod: dict[str, Any]) -> dict[str, Any]:
    return pod["containers"][0]


def security(pod: dict[str, Any]) -> dict[str, Any]:
    return container(pod)["securityContext"]


BAD: dict[str, Callable[[dict[str, Any]], Any]] = {
    "hostNetwork is true": lambda pod: pod.update(hostNetwork=True),
    "hostPID is true": lambda pod: pod.update(hostPID=True),
    "hostIPC is true": lambda pod: pod.update(hostIPC=True),
    "volume data is a hostPath": lambda pod: pod["volumes"].append(
        {"name": "data", "hostPath": {"path": "/"}}
    ),
    "sysctls are set": lambda pod: pod["securityContext"].update(sysctls=[{"name": "n"}]),
    "it gets a token of the API server": lambda pod: pod.pop("automountServiceAccountToken"),
    "privileged": lambda pod: security(pod).update(privileged=True),
    "allowPrivilegeEscalation is not false": lambda pod: security(pod).pop(
        "allowPrivilegeEscalation"
    ),
    "capabilities are not dropped": lambda pod: security(pod)["capabilities"].update(drop=[]),
    "has capability SYS_ADMIN": lambda pod: security(pod)["capabilities"].update(
        add=["SYS_ADMIN", "NET_BIND_SERVICE"]
    ),
    "runAsNonRoot is not true": lambda pod: security(pod).update(runAsNonRoot=False),
    "runs as root": lambda pod: pod["securityContext"].update(runAsUser=0),
    "no seccomp profile": lambda pod: pod["securityContext"].pop("seccompProfile"),
    "procMount is not Default": lambda pod: security(pod).update(procMount="Unmasked"),
    "has a port of the host": lambda pod: container(pod)["ports"][0].update(hostPort=9464),
    "its root file system can be written to": lambda pod: security(pod).pop(
        "readOnlyRootFilesystem"
    ),
    "no limit of memory": lambda pod: container(pod)["resources"].pop("limits"),
}


def test_a_good_pod() -> None:
    assert pod_security.errors(GOOD) == []


@pytest.mark.parametrize("message", BAD)
def test_a_bad_pod(message: str) -> None:
    pod = copy.deepcopy(GOOD)
    BAD[message](pod)
    [error] = pod_security.errors(pod)
    assert message in error
