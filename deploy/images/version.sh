#!/bin/sh
# Refuses a label that names another version than is built.
#
#   version.sh [VERSION]
set -eu
cd "$(dirname "$0")/../.."

version=$(cat VERSION)
if [ "${1:-$version}" != "$version" ]; then
    echo "version.sh: build argument VERSION is $1, but this is $version" >&2
    exit 1
fi
