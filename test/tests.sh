#!/bin/sh
# Prints the names of the tests to run of test/sql ("sql") or test/specs
# ("specs"): those in TESTS, all without.  "setup" is what the others use.
set -eu
cd "$(dirname "$0")/$1"

for file in *; do
    all="${all:-} ${file%.*}"
done
for test in ${TESTS:-$all}; do
    if ! [ -e "$test.sql" ] && ! [ -e "$test.spec" ]; then
        echo "tests.sh: there is no test \"$test\" in test/$1" >&2
        exit 1
    fi
    if [ "$test" != setup ]; then
        echo "$test"
    fi
done
