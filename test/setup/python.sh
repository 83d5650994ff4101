#!/bin/sh
# Makes the Python environment of demo and tests in build/venv, once per list
# of requirements.
set -eu
cd "$(dirname "$0")/../.."

target=build/venv
wanted=$(cksum < test/setup/requirements.txt)
if [ -f "$target/stamp" ] && [ "$(cat "$target/stamp")" = "$wanted" ]; then
    exit 0
fi
if ! python3 -c 'import ensurepip, venv' 2> /dev/null; then
    echo "python.sh: python3 cannot make an environment: install python3-venv" >&2
    exit 1
fi
echo "making the Python environment"
rm -rf "$target"
python3 -m venv "$target"
"$target/bin/pip" install --quiet --disable-pip-version-check \
    --requirement test/setup/requirements.txt
echo "$wanted" > "$target/stamp"
