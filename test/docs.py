#!/usr/bin/env python3
"""Checks pages: what they link to exists, and each setting has its heading.

Links, files of this repository and targets of make are looked for, and names of roles that
PostgreSQL refuses.

Prose has lines of 100 characters at most; tables and examples may be longer.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:bench|consumer|debian|decoder|deploy|docs|examples|sql|test)/[\w./-]*)`")
TARGET = re.compile(r"\bmake ((?:check|bench)-[a-z]+|check|demo|deps|expected|fmt|installcheck)\b")
# PostgreSQL refuses them (catalog.c, IsReservedName).
RESERVED = re.compile(r"\b(?:(?:CREATE|ALTER) ROLE|user ?=|user:|grant_\w+\(') *(pg_\w+)")
WIDTH = 100


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made of their texts."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def check_link(page: Path, target: str):
    """What is wrong with a link of a page to a file or a heading of ours."""
    if re.match(r"[a-z]+:", target):
        return
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not file.exists():
        yield f"{target} does not exist"
    elif anchor and anchor not in anchors(file):
        yield f"{target} is no heading"


def undescribed() -> list[str]:
    """Settings and options that have no heading on their page."""
    source = (ROOT / "consumer" / "config" / "settings.c").read_text()
    missing = []
    for section, key in re.findall(r'\{"([a-z]+)",\s*"([a-z_]+)",\s*SETTING_', source):
        page = "options.md" if section == "outbox" else "configuration.md"
        headings = re.findall(r"^### .*$", (ROOT / "docs" / page).read_text(), re.M)
        if not any(f"`{key}`" in heading for heading in headings):
            missing.append(f"docs/{page}: no heading for {section}.{key}")
    return missing


def check_page(page: Path, targets: set[str]):
    """What is wrong with a page, with its lines."""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        errors = [error for link in LINK.findall(line) for error in check_link(page, link)]
        errors += [f"{f} does not exist" for f in FILE.findall(line) if not (ROOT / f).exists()]
        errors += [f"make {t} does not exist" for t in TARGET.findall(line) if t not in targets]
        if len(line) > WIDTH and not line.startswith(("|", "    ")):
            errors.append(f"longer than {WIDTH} characters")
        for error in errors:
            yield f"{page.relative_to(ROOT)}:{number}: {error}"


def reserved() -> list[str]:
    """Roles in instructions and deployments that cannot exist."""
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md", "deploy",
         "debian", "examples"],
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout.split()  # fmt: skip
    return [
        f"{file}: role {name} is reserved in PostgreSQL, as all names that begin with pg_ are"
        for file in files
        if (ROOT / file).is_file()
        for name in RESERVED.findall((ROOT / file).read_text(errors="replace"))
    ]


def main() -> int:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.M))
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout.split()  # fmt: skip
    errors = [error for file in files for error in check_page(ROOT / file, targets)]
    errors += undescribed()
    errors += reserved()
    for error in errors:
        print(f"docs.py: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
