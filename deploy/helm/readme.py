#!/usr/bin/env python3
"""Writes the table of values in the chart's README from the comments in values.yaml.

    readme.py            writes it
    readme.py --check    only says whether it is as it should be
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

CHART = Path(__file__).resolve().parent / "pg-outbox"
BEGIN = "| value | default | |\n|---|---|---|\n"
END = "\nEach value is"


def entries(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Path, default and comment of each value that has a comment."""
    path: list[str] = []
    comment: list[str] = []
    for line in [*lines, ""]:
        indent = (len(line) - len(line.lstrip())) // 2
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip("# ") if "#     " not in line else "")
            continue
        match = re.match(r" *([\w.]+):(.*)$", line)
        if match is None:
            comment = []
            continue
        path = [*path[:indent], match[1]]
        if comment:
            name = ".".join(f'"{p}"' if "." in p else p for p in path)
            yield name, match[2].strip(), " ".join(c for c in comment if c)
        comment = []


def table() -> str:
    rows = ""
    for name, default, comment in entries((CHART / "values.yaml").read_text().splitlines()):
        shown = f"`{default}`" if default else ""
        rows += f"| `{name}` | {shown} | {comment.replace('|', chr(92) + '|')} |\n"
    return BEGIN + rows


def main() -> int:
    page = CHART / "README.md"
    text = page.read_text()
    begin, end = text.index(BEGIN), text.index(END)
    wanted = text[:begin] + table() + text[end:]
    if sys.argv[1:] == ["--check"]:
        if text != wanted:
            print("readme.py: README.md is older than values.yaml: run this", file=sys.stderr)
        return int(text != wanted)
    page.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
