#!/bin/sh
# Runs the demo as a test: it does what it says, and prints no escape sequence where
# there is no terminal.
set -eu
cd "$(dirname "$0")/.."

export PYTHONPATH=test:examples/python
log=build/demo.log
status=0
build/venv/bin/python examples/demo/demo.py < /dev/null > "$log" 2>&1 || status=$?
cat "$log"
if LC_ALL=C grep -n "$(printf '\033')" "$log" | cat -v | grep .; then
    echo "demo.sh: the demo prints escape sequences without a terminal" >&2
    exit 1
fi
exit "$status"
