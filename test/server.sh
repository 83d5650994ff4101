# What the shell tests share: a scratch folder that a server's user may use,
# with an installation of the server, the decoder and the extension in it.  To
# be read with "." from the root of the checkout.  Sets:
#
#   pgxs          of PG_CONFIG's server
#   bindir        of the installation in the folder
#   scratch       the folder, which goes when the script ends
#   as_user       what a server's command begins with: it does not run as root
# shellcheck shell=sh disable=SC2034 # used by the scripts that read this

pg_config=${PG_CONFIG:-pg_config}
pgxs=$(dirname "$(dirname "$(dirname "$("$pg_config" --pgxs)")")")

# Not in the checkout: that may lie where the server's user may not look.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pg_outbox.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
bindir=$(test/setup/installation.sh "$scratch/installation")
cp test/regress.conf "$scratch/regress.conf"
as_user=
if [ "$(id -u)" -eq 0 ]; then
    as_user="runuser -u postgres --"
fi
# A server that does not know the setting does not start with it.
if (cd / && $as_user "$bindir/postgres" --describe-config) |
    grep '^output_plugin_libraries' > /dev/null; then
    echo "output_plugin_libraries = 'pg_outbox'" >> "$scratch/regress.conf"
fi

# Fails if a log of the folder reports a crash, which the server may survive.
check_crashes() {
    if grep -rE --include='*log' \
        'TRAP: |PANIC: |was terminated by signal (4|6|7|8|11)\b' "$scratch"; then
        echo "$(basename "$0"): a server crashed" >&2
        return 1
    fi
}

# Gives all of the folder to the server's user.
hand_over() {
    if [ "$(id -u)" -eq 0 ]; then
        chown -R postgres "$scratch"
    fi
}
