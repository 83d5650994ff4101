#!/bin/sh
# Makes an installation of PG_CONFIG's server below a folder, with decoder and
# extension of this checkout installed in it, and prints where its programs are.
# Nothing outside of the folder is touched.
#
# A server finds its files relative to its program (PostgreSQL, src/port/path.c,
# make_relative_path), so the programs are copies; all else are links.
set -eu
cd "$(dirname "$0")/../.."

root=$1
pg_config=${PG_CONFIG:-pg_config}
bindir=$("$pg_config" --bindir)
pkglibdir=$("$pg_config" --pkglibdir)
sharedir=$("$pg_config" --sharedir)

mkdir -p "$root$bindir" "$root$pkglibdir" "$root$sharedir"
cp -r "$bindir/." "$root$bindir"
if [ "$pkglibdir" != "$bindir" ]; then
    cp -rsf "$pkglibdir/." "$root$pkglibdir"
fi
cp -rsf "$sharedir/." "$root$sharedir"
# What may be installed already is a link, and not to be written through.
rm -f "$root$pkglibdir/pg_outbox.so" "$root$sharedir"/extension/pg_outbox*
for part in decoder sql; do
    make -s -C "$part" PG_CONFIG="$pg_config" DESTDIR="$root" install > /dev/null
done
echo "$root$bindir"
