#!/usr/bin/env python3
"""Checks META.json by the PGXN Meta Spec 1.0.0; VERSION is put into META.json.in."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

REQUIRED = {"name", "abstract", "version", "maintainer", "license", "provides", "meta-spec"}
OPTIONAL = {"description", "generated_by", "no_index", "prereqs", "release_status",
            "resources", "tags"}  # fmt: skip
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[A-Za-z][0-9A-Za-z-]*)?")
TERM = re.compile(r"[^\s/\\\x00-\x1f]{2,}")
PHASES = {"configure", "build", "test", "runtime", "develop"}
RELATIONS = {"requires", "recommends", "suggests", "conflicts"}


def check(meta: dict, version: str):
    """What is wrong, one by one."""
    for key in sorted(REQUIRED - meta.keys()):
        yield f"{key} is missing"
    for key in sorted(meta.keys() - REQUIRED - OPTIONAL):
        if not key.lower().startswith("x_"):
            yield f"{key} is no key of the specification"
    if not TERM.fullmatch(meta.get("name", "")):
        yield "name is no term"
    if meta.get("version") != version:
        yield f"version is {meta.get('version')}, VERSION is {version}"
    if not SEMVER.fullmatch(meta.get("version", "")):
        yield "version is no semantic version"
    if meta.get("release_status", "stable") not in {"stable", "testing", "unstable"}:
        yield "release_status is not stable, testing or unstable"
    if meta.get("meta-spec", {}).get("version") != "1.0.0":
        yield "meta-spec is not of version 1.0.0"
    for name, provided in meta.get("provides", {}).items():
        if provided.get("version") != version:
            yield f"provides {name} {provided.get('version')}, VERSION is {version}"
        for key in ("file", "docfile"):
            if key in provided and not (ROOT / provided[key]).is_file():
                yield f"provides {name}: {key} {provided[key]} does not exist"
        if "file" not in provided:
            yield f"provides {name}: file is missing"
    for phase, relations in meta.get("prereqs", {}).items():
        if phase not in PHASES or relations.keys() - RELATIONS:
            yield f"prereqs {phase}: unknown phase or relation"
        for needed in relations.values():
            for name, minimum in needed.items():
                if not SEMVER.fullmatch(str(minimum)):
                    yield f"prereqs {phase}: {name} has no semantic version"


def main() -> int:
    version = (ROOT / "VERSION").read_text().strip()
    meta = json.loads((ROOT / "META.json.in").read_text().replace("@VERSION@", version))
    errors = list(check(meta, version))
    # The version is the next one's while its changes are not released.
    changes = (ROOT / "CHANGELOG.md").read_text()
    if f"\n## {version}\n" not in changes and "\n## Unreleased\n" not in changes:
        errors.append(f"CHANGELOG.md has no section {version}, and none of what is unreleased")
    for error in errors:
        print(f"meta.py: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
