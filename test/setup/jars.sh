#!/bin/sh
# Fetches jars from Maven into build/NAME/libs, once per version: those that
# test/setup/NAME.xml names, with what they need.
set -eu
cd "$(dirname "$0")/../.."

name=$1
pom=test/setup/$name.xml
target=build/$name
wanted=$(cksum < "$pom")
if [ -f "$target/stamp" ] && [ "$(cat "$target/stamp")" = "$wanted" ]; then
    exit 0
fi
if ! command -v mvn > /dev/null; then
    echo "jars.sh: mvn is missing: install maven and a JDK of 17 or later" >&2
    exit 1
fi
echo "fetching the jars of $name (some 50 MB)"
rm -rf "$target" "$target.new"
mkdir -p "$target.new"
# Maven writes escape sequences even where there is no terminal.
if ! mvn -q -B -f "$pom" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$PWD/$target.new/libs" > "$target.new/log" 2>&1; then
    sed 's/\x1b\[[0-9;]*m//g' "$target.new/log" >&2
    exit 1
fi
echo "$wanted" > "$target.new/stamp"
mv "$target.new" "$target"
