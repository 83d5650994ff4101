"""Pods, run by hand: the command, the environment and the files of their containers."""

import os
import re
from pathlib import Path

from .manifests import Manifest


class PodContainer:
    """The only container of a pod, with what is mounted laid out below a folder as the
    kubelet does it.

    secrets are those that the cluster has, by name, with their keys.  To run it without a
    file system of its own, paths that are mounted are replaced by those below the folder, in
    its command and environment and in the files of ConfigMaps, and so are the texts of
    replaced, such as addresses in the cluster; with in_place nothing is replaced, and mounts
    has to be mounted where it says.
    """

    def __init__(
        self,
        manifests: list[Manifest],
        pod: Manifest,
        folder: Path,
        secrets: dict[str, dict[str, str]],
        replaced: dict[str, str] | None = None,
        in_place: bool = False,
    ) -> None:
        [self.spec] = pod["containers"]
        self._secrets = secrets
        self._maps = {
            m["metadata"]["name"]: m["data"] for m in manifests if m["kind"] == "ConfigMap"
        }
        self._group = pod.get("securityContext", {}).get("fsGroup")
        paths = {m["name"]: m["mountPath"] for m in self.spec.get("volumeMounts", [])}
        # Folders, by the path that the container sees.
        self.mounts = {path: Path(f"{folder}{path}") for path in paths.values()}
        self._replaced = dict(replaced or {})
        if not in_place:
            self._replaced |= {path: str(target) for path, target in self.mounts.items()}
        for volume in pod.get("volumes", []):
            self._lay_out(volume, self.mounts[paths[volume["name"]]])
        self.arguments = [self._text(a) for a in self.spec.get("args", [])]
        self.command = [self._text(a) for a in self.spec.get("command", [])]
        self.env: dict[str, str] = {}
        for source in self.spec.get("envFrom", []):
            self.env |= secrets[source["secretRef"]["name"]]
        self.env |= {e["name"]: self._text(self._value(e)) for e in self.spec.get("env", [])}

    def _text(self, text: str) -> str:
        """A text with what is replaced, all at once."""
        pattern = "|".join(re.escape(old) for old in sorted(self._replaced, key=len, reverse=True))
        return re.sub(pattern, lambda m: self._replaced[m[0]], text) if pattern else text

    def _value(self, variable: Manifest) -> str:
        if "value" in variable:
            return variable["value"]
        ref = variable["valueFrom"]["secretKeyRef"]
        return self._secrets[ref["name"]][ref["key"]]

    def _files(self, source: Manifest) -> tuple[dict[str, str], list[Manifest] | None]:
        """The files of a volume, or of a source of a projected one, by key, and which of
        them are mounted where; all of them without."""
        if "secret" in source:
            secret = source["secret"]
            name = secret.get("name") or secret["secretName"]
            return self._secrets[name], secret.get("items")
        files = self._maps[source["configMap"]["name"]]
        return {k: self._text(v) for k, v in files.items()}, source["configMap"].get("items")

    def _lay_out(self, volume: Manifest, target: Path) -> None:
        target.mkdir(parents=True)
        source = volume.get("projected", volume)
        mode = volume.get("projected", volume.get("secret", {})).get("defaultMode", 0o644)
        for one in source.get("sources", [source]):
            files, items = self._files(one)
            for item in items or [{"key": key, "path": key} for key in files]:
                file = target / item["path"]
                file.write_text(files[item["key"]])
                if os.geteuid() == 0:
                    os.chown(file, 0, self._group or 0)
                    file.chmod(mode)
                else:
                    # Its own file, which a group may not read if it is a key.
                    file.chmod(mode & 0o700)
