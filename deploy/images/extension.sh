#!/bin/sh
# Builds decoder and extension for a version of PostgreSQL and installs them below ROOT.
#
#   extension.sh ROOT MAJOR
set -eu
cd "$(dirname "$0")/../.."

root=$1
pg_config=/usr/lib/postgresql/$2/bin/pg_config
for part in decoder sql; do
    make -C "$part" PG_CONFIG="$pg_config" DESTDIR="$root" install
done
strip --strip-debug "$root$("$pg_config" --pkglibdir)/pg_outbox.so"
