#!/usr/bin/env python3
"""Checks that consumer/ is a house of floors.

    test/floors.py SOURCES OBJECTS

A file includes and calls only its own folder and the floors below it, and no
two files include or call each other in a circle.  A "file" is a module: x.c and
x.h together.  Includes are read from the sources, calls from the symbols of the
objects that were built of them (nm), so that neither macros nor declarations by
hand hide one.  Calls through function pointers do not count: that is how a
lower floor reports to a higher one.
"""

import re
import subprocess
import sys
from pathlib import Path

# docs/architecture.md describes them.  "" is consumer/ itself.
FLOORS = {
    "": 5,
    "commands": 4,
    "relay": 3,
    "http": 3,
    "audit": 3,
    "postgres": 2,
    "kafka": 2,
    "envelope": 2,
    "connector": 2,
    "config": 1,
    "base": 0,
}

# What a folder may include beside its own and lower floors.
ALLOWED = {
    # HTTP shows what the relay counts, and steers nothing.
    ("http", "relay/counters"),
    ("http", "relay/latency"),
    ("http", "relay/snapshot"),
}

# The one file of the decoder that the relay shares.
SHARED = "decoder/protocol"

# These know neither PostgreSQL's nor Kafka's library, however indirectly; so
# their unit tests need neither.
PURE = ("base/", "config/", "connector/", "envelope/", "relay/tracker")
LIBRARIES = ("libpq-fe.h", "librdkafka/", "libpq/")


def module_of(path):
    """The module of a source or object below the folder of the sources."""
    return str(path.with_suffix(""))


def folder_of(module):
    return module.rpartition("/")[0]


def read_includes(sources):
    """Module -> (modules that it includes, headers of the system)."""
    own, system = {}, {}
    for path in sorted(sources.rglob("*.[ch]")):
        module = module_of(path.relative_to(sources))
        text = path.read_text()
        own.setdefault(module, set()).update(
            module_of(Path(name)) for name in re.findall(r'^#include "(.*)"', text, re.M)
        )
        system.setdefault(module, set()).update(re.findall(r"^#include <(.*)>", text, re.M))
    for module, included in own.items():
        included.discard(module)
    return own, system


def read_symbols(path):
    """The symbols that an object defines for others, and those that it needs."""
    defined, needed = set(), set()
    output = subprocess.run(
        ["nm", "-g", "-P", str(path)], check=True, capture_output=True, text=True
    ).stdout
    for line in output.splitlines():
        name, kind = line.split()[:2]
        (needed if kind in "Uw" else defined).add(name)
    return defined, needed


def read_calls(objects, modules):
    """Module -> modules of which it uses a function or a variable."""
    home, needs = {}, {}
    for module in sorted(modules):
        defined, needs[module] = read_symbols(objects / f"{module}.o")
        home.update(dict.fromkeys(defined, module))
    return {
        module: {home[name] for name in needed if name in home} - {module}
        for module, needed in needs.items()
    }


def is_below(user, used):
    """Tells whether the floors let a module use another one."""
    own, other = folder_of(user), folder_of(used)
    if used == SHARED or own == other or (own, used) in ALLOWED:
        return True
    return FLOORS[other] < FLOORS[own]


def check_floors(uses, verb):
    """What a graph of uses has that goes upwards or sideways."""
    for user, modules in sorted(uses.items()):
        for used in sorted(modules):
            if folder_of(used) not in FLOORS and used != SHARED:
                yield f"{user} {verb} {used}, whose folder has no floor in test/floors.py"
            elif not is_below(user, used):
                yield f"{user} {verb} {used}, which is not on a floor below"


def reach(uses, start):
    """All that a module uses, directly or not."""
    seen, todo = set(), [start]
    while todo:
        for used in uses.get(todo.pop(), ()):
            if used not in seen:
                seen.add(used)
                todo.append(used)
    return seen


def check_circles(includes, calls):
    """Modules that use each other, directly or not."""
    uses = {m: includes.get(m, set()) | calls.get(m, set()) for m in {*includes, *calls}}
    reached = {module: reach(uses, module) for module in uses}
    reported = set()
    for module in sorted(uses):
        circle = {m for m in reached[module] if module in reached.get(m, ())}
        if circle and module not in reported:
            reported |= circle
            yield "include or call each other in a circle: " + ", ".join(sorted(circle))


def check_pure(includes, system):
    """Modules that are to know no library and do."""
    for module in sorted(includes):
        if not module.startswith(PURE):
            continue
        for used in sorted({module} | reach(includes, module)):
            for header in sorted(system.get(used, ())):
                if header.startswith(LIBRARIES):
                    yield f"{module} knows {header}, by {used}"


def main():
    sources, objects = Path(sys.argv[1]), Path(sys.argv[2])
    includes, system = read_includes(sources)
    calls = read_calls(objects, [m for m in includes if (sources / f"{m}.c").exists()])
    errors = [
        f"folder {folder}/ has no floor in test/floors.py"
        for folder in sorted({folder_of(module) for module in includes} - {*FLOORS})
    ]
    if not errors:
        errors += check_floors(includes, "includes")
        errors += check_floors(calls, "calls")
        errors += check_circles(includes, calls)
        errors += check_pure(includes, system)
    for error in errors:
        print(f"floors.py: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
