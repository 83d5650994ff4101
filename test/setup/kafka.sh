#!/bin/sh
# Fetches the jars of a Kafka broker into build/kafka/libs, once per version.
set -eu
cd "$(dirname "$0")/../.."

target=build/kafka
wanted=$(cksum < test/setup/pom.xml)
if [ -f "$target/stamp" ] && [ "$(cat "$target/stamp")" = "$wanted" ]; then
    exit 0
fi
if ! command -v mvn > /dev/null; then
    echo "kafka.sh: mvn is missing: install maven and a JDK of 17 or later" >&2
    exit 1
fi
echo "fetching Kafka's jars (about 54 MB)"
rm -rf "$target" "$target.new"
mkdir -p "$target.new"
mvn -q -B -f test/setup/pom.xml dependency:copy-dependencies \
    -DoutputDirectory="$PWD/$target.new/libs"
echo "$wanted" > "$target.new/stamp"
mv "$target.new" "$target"
