#!/bin/sh
# Runs pg_regress ("regress") or pg_isolation_regress ("isolation") on the
# decoder, in a server of its own below a scratch folder.  Nothing is installed
# and the results stay in build/.  With --accept they become the expected ones.
# TESTS names those to run; all without.
set -eu
cd "$(dirname "$0")/.."

kind=$1
accept=${2:-}
. test/server.sh
results=$PWD/build/$kind

case $kind in
    regress)
        runner=$pgxs/src/test/regress/pg_regress
        tests="setup $(test/tests.sh sql)"
        ;;
    isolation)
        runner=$pgxs/src/test/isolation/pg_isolation_regress
        tests=$(test/tests.sh specs)
        ;;
    *)
        echo "usage: regress.sh regress|isolation [--accept]" >&2
        exit 2
        ;;
esac

cp -r test/sql test/specs test/expected "$scratch"
# A test without expected results is to fail, not to end the run.
for test in $tests; do
    [ -e "$scratch/expected/$test.out" ] || : > "$scratch/expected/$test.out"
done
hand_over

status=0
# shellcheck disable=SC2086 # a command and a list
(cd "$scratch" && $as_user "$runner" --inputdir="$scratch" \
    --outputdir="$scratch" --bindir="$bindir" \
    --temp-instance="$scratch/instance" --temp-config="$scratch/regress.conf" \
    --encoding=UTF8 --no-locale --dbname=regression $tests) || status=$?

rm -rf "$results"
mkdir -p "$results"
cp -r "$scratch/results" "$scratch"/regression.* "$results" 2> /dev/null || true
if [ "$accept" = --accept ]; then
    cp "$results"/results/*.out test/expected
elif [ "$status" -ne 0 ]; then
    cat "$results/regression.diffs" 2> /dev/null ||
        cat "$scratch/instance/log/"* "$scratch/log/"* 2> /dev/null || true
fi
check_crashes || status=1
exit "$status"
