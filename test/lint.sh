#!/bin/sh
# Checks what no test can: format, warnings of two compilers, functions that
# are not to be used, floors of the relay, scripts.
set -eu
cd "$(dirname "$0")/.."

# Lines that match are errors: each has a bounded counterpart.
banned='\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok)\('

echo "format"
sources="decoder/*.[ch] consumer/*.[ch] consumer/*/*.[ch] test/unit/*.[ch]
    test/fuzz/*.[ch] bench/empty_plugin/*.c"
# shellcheck disable=SC2086 # a list of patterns
build/venv/bin/clang-format --dry-run -Werror $sources

echo "banned functions"
# shellcheck disable=SC2086
if grep -nE "$banned" $sources; then
    echo "lint.sh: use the bounded counterpart of these" >&2
    exit 1
fi

echo "version differences outside of compat.h"
if grep -nE 'PG_VERSION_NUM' decoder/*.[ch] | grep -v '^decoder/compat.h:'; then
    echo "lint.sh: these belong into decoder/compat.h" >&2
    exit 1
fi

for compiler in gcc clang; do
    echo "warnings of $compiler"
    rm -rf build/lint
    mkdir -p build/lint
    cp -r VERSION decoder sql consumer build/lint
    make -s -C build/lint/decoder clean > /dev/null
    make -s -C build/lint/consumer clean
    make -s -C build/lint/decoder CC="$compiler" \
        PG_CONFIG="${PG_CONFIG:-pg_config}"
    make -s -C build/lint/consumer CC="$compiler"
done

echo "floors"
build/venv/bin/python test/floors.py consumer build/lint/build/consumer

echo "scripts"
shellcheck -x .ci/run test/*.sh test/setup/*.sh
build/venv/bin/python -m compileall -q bench examples test
