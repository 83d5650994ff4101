#!/bin/sh
# Builds the images of relay, extension and PostgreSQL, all without an argument.
#
#   build.sh [relay] [extension] [postgres]
#
# Environment, with what is taken without it:
#   BUILDER           what builds (buildah build); "docker build" does, too
#   PREFIX            what the images' names begin with (localhost/)
#   RELAY_BASE, EXTENSION_BASE, POSTGRES_BASE
#                     images to build on (what each Dockerfile says)
#   EXTENSION_MAJOR, POSTGRES_MAJOR
#                     versions of PostgreSQL of the two (18, 17)
set -eu
cd "$(dirname "$0")/../.."

version=$(cat VERSION)
# Of a checkout, not of an archive.
revision=$(git describe --always --dirty --abbrev=40 --exclude='*' 2> /dev/null || true)

# Builds one: its Dockerfile, its tag, its base, further arguments.
build() {
    name=$1
    tag=$2
    base=$3
    shift 3
    # shellcheck disable=SC2086 # a command with its arguments
    ${BUILDER:-buildah build} -f "deploy/images/$name.Dockerfile" \
        -t "${PREFIX-localhost/}$tag" ${base:+--build-arg BASE="$base"} \
        --build-arg VERSION="$version" --build-arg REVISION="$revision" "$@" .
}

if [ $# -eq 0 ]; then
    set -- relay extension postgres
fi
for image; do
    case $image in
        relay)
            build relay "pg-outbox:$version" "${RELAY_BASE:-}"
            ;;
        extension)
            major=${EXTENSION_MAJOR:-18}
            build extension "pg-outbox-extension:$version-$major" "${EXTENSION_BASE:-}" \
                --build-arg PG_MAJOR="$major"
            ;;
        postgres)
            major=${POSTGRES_MAJOR:-17}
            build postgres "pg-outbox-postgres:$version-$major" "${POSTGRES_BASE:-}" \
                --build-arg PG_MAJOR="$major"
            ;;
        *)
            echo "build.sh: \"$image\" is none of relay, extension, postgres" >&2
            exit 2
            ;;
    esac
done
