#!/bin/sh
# Prints lines for sources.list of a Debian release, from where this machine
# installs its own; with "all" with the release's updates.
#
#   sources.sh RELEASE [all]
# shellcheck disable=SC2016 # the format is apt-get's
set -eu

release=$1
all=${2:-}
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
lines=$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | sort -u |
    grep -E "^deb [^ ]+ $codename${all:+(-updates|-security)?} main\$" |
    sed -E "s/ $codename(-[a-z]+)? main\$/ $release\1 main/") || true
if [ -z "$lines" ]; then
    echo "sources.sh: apt has no source of $codename here to find $release by" >&2
    exit 1
fi
echo "$lines"
