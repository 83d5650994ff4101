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
    echo "lint.sh: these belong in decoder/compat.h" >&2
    exit 1
fi

for compiler in gcc clang; do
    echo "warnings of $compiler"
    rm -rf build/lint
    mkdir -p build/lint
    mkdir build/lint/test
    cp -r VERSION decoder sql consumer build/lint
    cp -r test/unit test/fuzz build/lint/test
    make -s -C build/lint/decoder clean > /dev/null
    make -s -C build/lint/consumer clean
    for folder in decoder consumer test/unit; do
        make -s -C "build/lint/$folder" WERROR=-Werror CC="$compiler" \
            PG_CONFIG="${PG_CONFIG:-pg_config}" all
    done
done
# Its fuzzer is clang's own.
make -s -C build/lint/test/fuzz WERROR=-Werror \
    PG_CONFIG="${PG_CONFIG:-pg_config}" all

echo "lines of SQL"
if grep -nE '^.{101}' sql/*.sql | grep -v '^sql/pg_outbox--'; then
    echo "lint.sh: these are longer than 100 characters" >&2
    exit 1
fi

echo "floors"
build/venv/bin/python test/floors.py consumer build/lint/build/consumer

echo "metadata and pages"
test/meta.py
test/docs.py

echo "scripts"
shellcheck -x .ci/run test/*.sh test/setup/*.sh deploy/images/*.sh deploy/*.sh \
    deploy/relay/*.sh deploy/relay/*.bash
build/venv/bin/ruff check --quiet

echo "benchmarks begin"
for script in bench/*.py; do
    env PYTHONPATH=test build/venv/bin/python "$script" --help > /dev/null
done

echo "images"
build/venv/bin/hadolint deploy/images/*.Dockerfile examples/python/Dockerfile
