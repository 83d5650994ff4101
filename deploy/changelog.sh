#!/bin/sh
# Prints debian/changelog: one entry, since what changed is in CHANGELOG.md.
#
#   changelog.sh VERSION EPOCH
set -eu

cat << END
pg-outbox ($1) unstable; urgency=medium

  * What changed is in changelog.gz beside this file.

 -- The pg_outbox authors <pg-outbox@packages.invalid>  $(LC_ALL=C date -u -R -d "@$2")
END
