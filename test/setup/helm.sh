#!/bin/sh
# Compiles helm and kustomize into build/helm, from the Go module proxy, once per version.
set -eu
cd "$(dirname "$0")/../.."

helm=v3.22.0
kustomize=v5.8.1

target=$PWD/build/helm
wanted="$helm $kustomize"
if [ "$(cat "$target/stamp" 2> /dev/null)" = "$wanted" ]; then
    exit 0
fi
go=$(test/setup/go.sh)
echo "compiling helm and kustomize (some minutes, once)"
rm -rf "$target"
mkdir -p "$target"
# Sources and objects go when it is done; nothing of them is needed again.
export GOBIN="$target" GOPATH="$target/path" GOCACHE="$target/cache" GOTOOLCHAIN=local \
    GOFLAGS="-modcacherw -trimpath" CGO_ENABLED=0
"$go" install "helm.sh/helm/v3/cmd/helm@$helm"
"$go" install "sigs.k8s.io/kustomize/kustomize/v5@$kustomize"
rm -rf "$target/path" "$target/cache"
echo "$wanted" > "$target/stamp"
