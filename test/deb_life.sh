#!/bin/bash
# The life of the packages on a clean machine: a server that is not there, from
# nothing to an event by docs/install.md, an upgrade by docs/upgrade.md, removal with
# a slot left, purge.  In a chroot of test/deb.sh, which has made
#
#   /packages/VERSION~before       a repository with the packages before
#   /packages/VERSION              and one with the present ones
#   /install.md, /upgrade.md       the pages
#   BROKERS, VERSION, LAST         a broker, the version, the extension's before
#
# No service manager runs here: what its command would do is done by the unit.
set -euo pipefail
cd /

export DEBIAN_FRONTEND=noninteractive
config=/etc/pg_outbox/pg_outbox.conf
relay=

say() {
    echo "deb_life.sh: $*"
}

fail() {
    echo "deb_life.sh: FAILED: $*" >&2
    exit 1
}

# expect WHAT FOUND WANTED
expect() {
    [ "$2" = "$3" ] || fail "$1: found \"$2\", wanted \"$3\""
}

# Fails unless a file has a line with this text in it.
expect_line() {
    grep -qF -- "$2" "$1" || { cat "$1"; fail "$1 does not say: $2"; }
}

wait_for() {
    local deadline=$((SECONDS + 120))
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "not within 120 s: $*"
        sleep 0.1
    done
}

apt() {
    apt-get -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
}

# Lets apt have the packages of one version, and no other of ours.
offer() {
    echo "deb [trusted=yes] file:/packages/$1 ./" > /etc/apt/sources.list.d/local.list
    apt update
}

# Starts the relay as the unit says.
start_relay() {
    local unit=/lib/systemd/system/pg_outbox.service user command
    user=$(sed -n 's/^User=//p' "$unit")
    command=$(sed -n 's/^ExecStart=//p' "$unit")
    # shellcheck disable=SC2086 # a command with its arguments
    setpriv --reuid="$user" --regid="$(sed -n 's/^Group=//p' "$unit")" --init-groups \
        env -i $command 2>> /relay.log &
    relay=$!
}

# Ends the relay as the service manager does.
stop_relay() {
    local status=0
    kill -TERM "$relay"
    wait "$relay" || status=$?
    expect "the relay's exit status" "$status" 0
}

sql() {
    sudo -u postgres psql -Atqc "$1" -d shop
}

insert() {
    sql "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
         VALUES ('Task', '7', 'TaskChanged', '{\"title\": \"$1\"}')"
}

# Upgrades while the relay before is at work, which goes on.  The extension is one that
# there is a way from.
upgrade_packages() {
    sql "DROP EXTENSION pg_outbox"
    sql "CREATE EXTENSION pg_outbox VERSION '$LAST'"
    insert Before
    wait_for is_published Before
    apt dist-upgrade 2>&1 | tee /upgraded.log
    insert During
    wait_for is_published During
}

# The payloads in the topic, in the order in which they were published.
published() {
    kcat -q -C -b "$BROKERS" -t Task.events -o beginning -e -f '%s\n'
}

is_published() {
    published | grep -qF -- "$1"
}

slots() {
    sudo -u postgres psql -Atqc "SELECT slot_name FROM pg_replication_slots"
}

# Prints the commands of a section of a page, one a line: what follows the prompt.
commands() {
    sed -n "/^## $2\$/,/^## /p" "$1" | sed -n -e ':a' \
        -e '/^    # .*\\$/{N;s/\\\n *//;ba' -e '}' -e 's/^    # //p'
}

# Installs the packages, as after "make deb".
install_packages() {
    apt install pg-outbox "postgresql-$N-pg-outbox" kcat sudo 2>&1 | tee /installed.log
    # As the service manager would have.
    pg_ctlcluster "$N" main start
}

# follow PAGE SECTION INSTALL
# Runs the commands of a section; INSTALL installs the packages, which are made.  What
# differs here: where packages and broker are.
follow() {
    local command
    commands "$1" "$2" > /commands
    [ -s /commands ] || fail "no commands in section \"$2\" of $1"
    while read -r -u 5 command; do
        command=${command//15/$N}
        command=${command//kafka:9092/$BROKERS}
        echo "# $command"
        case $command in
            "apt install ./build/deb/"*) "$3" ;;
            "apt "* | "make deb") ;;
            "systemctl enable --now pg_outbox") start_relay ;;
            "systemctl restart pg_outbox") stop_relay && start_relay && insert After ;;
            *systemctl*) fail "what is $command here?" ;;
            kcat*) wait_for is_published Write && bash -euo pipefail -c "$command" ;;
            *) bash -euo pipefail -c "$command" ;;
        esac
    done 5< /commands
}

say "a package for a server that is not there"
offer "$VERSION~before"
deb=$(echo "/packages/$VERSION~before"/postgresql-*-pg-outbox_*.deb)
N=$(basename "$deb" | sed 's/^postgresql-\([0-9]*\)-.*/\1/')
if dpkg -i "$deb" > /dpkg.log 2>&1; then
    fail "dpkg installed it"
fi
expect_line /dpkg.log "Package postgresql-$N is not installed."
dpkg --purge "postgresql-$N-pg-outbox" > /dev/null 2>&1
printf 'Package: postgresql-%s\nPin: release *\nPin-Priority: -1\n' "$N" > /etc/apt/preferences.d/none
if apt-get -y install "postgresql-$N-pg-outbox" > /apt.log 2>&1; then
    fail "apt installed it"
fi
expect_line /apt.log "postgresql-$N-pg-outbox : Depends: postgresql-$N"
rm /etc/apt/preferences.d/none

say "from nothing to an event, by docs/install.md"
follow /install.md "From nothing to an event" install_packages
expect "mode and owner of $config" "$(stat -c '%a %U %G' "$config")" "640 root outbox_relay"
expect "the user's shell" "$(getent passwd outbox_relay | cut -d : -f 6-7)" "/nonexistent:/usr/sbin/nologin"
[ -e /usr/share/bash-completion/completions/pg_outbox ] || fail "there is no completion"
expect "the relay's version" "$(pg_outbox --version)" "pg_outbox $VERSION~before"
expect "events" "$(published)" '{"title": "Write"}'
# What the packages print is in the page, word for word, but for the editor.
sed -n '/What is left to do/,/^$/s/^    \([a-z][^#]*[^ #]\).*/\1/p' /installed.log |
    sed "s/DATABASE/shop/; s/\b$N\b/15/" > /steps
grep -v ^editor /steps | while read -r step; do
    commands /install.md "From nothing to an event" | grep -qxF -- "$step" ||
        fail "docs/install.md has no step: $step"
done
expect "printed steps" "$(wc -l < /steps)" 9

say "an upgrade, by docs/upgrade.md"
sha256sum "$config" > /config.sum
offer "$VERSION"
follow /upgrade.md "Debian packages" upgrade_packages
sha256sum --quiet --check /config.sum
expect "mode and owner of $config" "$(stat -c '%a %U %G' "$config")" "640 root outbox_relay"
expect "the relay's version" "$(pg_outbox --version)" "pg_outbox $VERSION"
expect "the version of the running relay" \
    "$("/proc/$relay/exe" --version)" "pg_outbox $VERSION"
expect "the extension's version" \
    "$(sql "SELECT extversion FROM pg_extension WHERE extname = 'pg_outbox'")" "$VERSION"
if grep -q "not configured yet" /upgraded.log; then
    fail "the first steps are printed at an upgrade"
fi
wait_for is_published After
expect "events" "$(published)" '{"title": "Write"}
{"title": "Before"}
{"title": "During"}
{"title": "After"}'

say "removal with a slot left"
stop_relay
apt remove pg-outbox "postgresql-$N-pg-outbox" 2>&1 | tee /removed.log
expect_line /removed.log 'pg-outbox: warning: the replication slot "pg_outbox" stays'
expect_line /removed.log \
    "postgresql-$N-pg-outbox: warning: the replication slot \"pg_outbox\" of cluster $N/main stays"
[ ! -e /usr/bin/pg_outbox ] || fail "the relay is still there"
[ -e "$config" ] || fail "$config is gone before the purge"
expect "slots" "$(slots)" pg_outbox

say "purge with a slot left"
apt purge pg-outbox "postgresql-$N-pg-outbox" 2>&1 | tee /purged.log
expect_line /purged.log \
    "postgresql-$N-pg-outbox: warning: the replication slot \"pg_outbox\" of cluster $N/main stays"
expect "slots" "$(slots)" pg_outbox
# The command that it names.
bash -euo pipefail -c "$(sed -n 's/^    \(sudo .*pg_drop_replication_slot.*\)/\1/p' /purged.log)"
expect "slots" "$(slots)" ""
left=$(find / -xdev \( -name '*pg_outbox*' -o -name '*pg-outbox*' \) \
    ! -path '/packages/*' ! -path '/proc/*' ! -path '/tmp/*')
expect "files left" "$left" ""
# The user stays, as Debian's users do: a file could be its own.
left=$(grep -rlE 'pg[_-]outbox|outbox_relay' --exclude='*-' --exclude='*-old' /etc /var/lib/dpkg \
    /var/lib/systemd | sort | tr '\n' ' ')
expect "names left" "$left" "/etc/group /etc/gshadow /etc/passwd /etc/shadow "
say "passed after $SECONDS s"
