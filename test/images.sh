#!/bin/sh
# Builds the images with buildah, on bases that are made here instead of pulled, and
# tests them: needs no registry.  Needs root.
#
#   images.sh [ARGUMENT OF PYTEST]...
#
# Images live in build/images while it runs.
set -eu
cd "$(dirname "$0")/.."
. test/chroot.sh

folder=$PWD/build/images

chroot_require
for command in buildah crun; do
    if ! command -v "$command" > /dev/null; then
        echo "images.sh: images cannot be built and run here; missing: $command" >&2
        exit 2
    fi
done

# Makes an image to build on, localhost/base:RELEASE-PACKAGE: Debian's release, with a
# package.
make_base() {
    chroot_base "image-$1-$2" "$1" "$(test/setup/sources.sh "$1")" "ca-certificates,$2"
    chroot_unpack "image-$1-$2"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / > /dev/null
    buildah commit --quiet "$container" "localhost/base:$1-$2" > /dev/null
    buildah rm "$container" > /dev/null
    chroot_remove
}

# Builds all images, those of deploy/images as everybody does.
build() {
    RELAY_BASE=localhost/base:trixie-apt POSTGRES_BASE=localhost/base:trixie-postgresql-17 \
        EXTENSION_BASE=localhost/base:forky-postgresql-18 \
        make -s images BUILDER='buildah build --pull-never' &&
        buildah build --pull-never --build-arg BASE=localhost/base:trixie-python3-venv \
            -t localhost/pg-outbox-tasks examples/python
}

mkdir -p "$folder"
exec 7> "$folder/lock"
flock 7
rm -rf --one-file-system "$folder/storage"
trap 'chroot_remove; rm -rf --one-file-system "$folder/storage"' EXIT
cat > "$folder/storage.conf" << END
[storage]
driver = "vfs"
graphroot = "$folder/storage"
runroot = "$folder/storage/run"
END
export CONTAINERS_STORAGE_CONF="$folder/storage.conf" BUILDAH_ISOLATION=chroot

make_base trixie apt
make_base trixie postgresql-17
make_base forky postgresql-18
make_base trixie python3-venv

echo "building the images"
if ! build > "$folder/build.log" 2>&1; then
    cat "$folder/build.log"
    exit 1
fi
PYTHONPATH="test"
export PYTHONPATH
build/venv/bin/python -m pytest "$@" test/images
