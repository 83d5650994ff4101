# What the tests in chroots share.  To be read with "." from the root of the
# checkout.  A chroot is unpacked from a base that is kept in build/chroot, and
# goes when the script ends.  What runs in it has mounts and processes of its
# own (namespaces): none of them is left behind or seen from outside, however the
# script ends.  Sets:
#
#   root          the chroot that was unpacked last
# shellcheck shell=sh

bases=build/chroot
root=
chroot_pid=

trap chroot_remove EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Ends the script, saying all that this machine lacks.
chroot_require() {
    missing=
    for command in mmdebstrap unshare setpriv tar git apt-get; do
        command -v "$command" > /dev/null || missing="$missing, $command"
    done
    if [ "$(id -u)" -ne 0 ]; then
        missing="$missing, root"
    elif [ -z "$missing" ] && ! unshare --mount --pid --ipc --fork true; then
        missing="$missing, the right to make namespaces (CAP_SYS_ADMIN)"
    fi
    if [ -n "$missing" ]; then
        echo "$(basename "$0"): a chroot cannot be made here; missing: ${missing#, }" >&2
        exit 2
    fi
}

# Makes a base unless it is there: its name, the release, its sources, its
# packages.  One that is older than a week is made anew.
chroot_base() {
    mkdir -p "$bases"
    chmod 700 "$bases"
    exec 9> "$bases/$1.lock"
    flock 9
    wanted=$(echo "$2 $3 $4" | cksum)
    find "$bases" -name "$1.stamp" -mtime +7 -delete
    if [ "$(cat "$bases/$1.stamp" 2> /dev/null)" != "$wanted" ]; then
        rm -f "$bases/$1.stamp"
        apt-config dump Acquire > "$bases/$1.apt.conf"
        echo "making the chroot's base: $2 with $4"
        # It hands descriptors to a shell by their number, which may have one digit.
        # shellcheck disable=SC2016 # the hook's argument
        echo "$3" | mmdebstrap --quiet --variant=apt --include="$4" \
            --aptopt="$bases/$1.apt.conf" --setup-hook='
                for file in /etc/apt/auth.conf /etc/apt/auth.conf.d; do
                    [ ! -e "$file" ] || cp -r "$file" "$1/etc/apt"
                done' \
            "$2" "$bases/$1.tar" - > "$bases/$1.log" 2>&1 8>&- 9>&- || {
            cat "$bases/$1.log" >&2
            echo "$(basename "$0"): the base of $2 could not be made" >&2
            return 1
        }
        echo "$wanted" > "$bases/$1.stamp"
    fi
    flock -u 9
}

# Removes what scripts left that were killed: nobody holds its lock.  Called with
# the lock of all bases.
chroot_sweep() {
    for lock in "$bases"/root.*.lock; do
        if [ -e "$lock" ] && flock --nonblock "$lock" true; then
            rm -rf --one-file-system "${lock%.lock}" "$lock"
        fi
    done
}

# Unpacks a base, and gives it what package clients need here: their settings
# and certificates, and how names are resolved.
chroot_unpack() {
    exec 9> "$bases/lock"
    flock 9
    chroot_sweep
    root=$(mktemp -d "$PWD/$bases/root.XXXXXX")
    exec 8> "$root.lock"
    flock 8
    flock -u 9
    chmod 755 "$root"
    tar -xf "$bases/$1.tar" -C "$root" --exclude './dev/*'
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/npmrc /etc/mavenrc \
        /etc/maven/settings.xml "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf" \
        "$HOME/.m2/settings.xml" "$HOME/.m2/settings-security.xml" \
        "$HOME/.mavenrc" "$HOME/.npmrc" "$HOME/.config/go/env"; do
        if [ -e "$file" ]; then
            mkdir -p "$root$(chroot_home "$(dirname "$file")")"
            cp -L "$file" "$root$(chroot_home "$file")"
        fi
    done
    apt-config dump Acquire > "$root/etc/apt/apt.conf.d/99mmdebstrap"
    chroot_certificates
}

# The path in the chroot of one that may be in the home folder.
chroot_home() {
    case $1 in
        "$HOME"/*) echo "/root/${1#"$HOME"/}" ;;
        *) echo "$1" ;;
    esac
}

# Lets the chroot trust the certificates of this machine that it does not know.
chroot_certificates() {
    bundle=/etc/ssl/certs/ca-certificates.crt
    if [ ! -e "$bundle" ] || [ ! -e "$root$bundle" ]; then
        return
    fi
    awk -v folder="$root/usr/local/share/ca-certificates" '
        /BEGIN CERTIFICATE/ { text = "" }
        { text = text $0 "\n" }
        /END CERTIFICATE/ && FNR == NR { known[text] = 1 }
        /END CERTIFICATE/ && !(text in known) {
            file = folder "/carried-" ++n ".crt"
            printf "%s", text > file
            close(file)
        }' "$root$bundle" "$bundle"
    chroot "$root" update-ca-certificates > /dev/null 2>&1
}

# Names of the variables by which package clients are set up.
chroot_variables() {
    env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' | grep -E \
        -e '_(proxy|PROXY|CA_BUNDLE|CA_CERTS)$' -e '^(SSL_CERT|GIT_SSL|PIP|MAVEN)_' \
        -e '^(NPM_CONFIG|npm_config)_' -e '^GO(FLAGS|INSECURE|PRIVATE|SUMDB|NOSUMDB)$' \
        -e '^JAVA_TOOL_OPTIONS$' -e '^TERM$' || true
}

# Runs a command in the chroot, with the variables above and no others, and
# returns its exit status.  The files and folders that they name are there, too.
chroot_run() {
    for variable in $(chroot_variables); do
        set -- "$variable=$(printenv "$variable")" "$@"
    done
    # Killed with this script; and then the kernel ends all that is inside.  A
    # shell starts what it does not wait for with interrupts ignored.
    setpriv --pdeathsig=KILL env --default-signal=INT,QUIT \
        unshare --mount --pid --ipc --fork --kill-child \
        sh test/setup/chroot_init.sh "$root" "$@" < /dev/null &
    chroot_pid=$!
    status=0
    wait "$chroot_pid" || status=$?
    chroot_pid=
    return "$status"
}

# Ends what runs in the chroot and removes it.
chroot_remove() {
    if [ -n "$chroot_pid" ]; then
        kill -KILL "$chroot_pid" 2> /dev/null || true
        wait "$chroot_pid" 2> /dev/null || true
        chroot_pid=
    fi
    tries=0
    # What was killed may need a moment.
    until [ -z "$root" ] || rm -rf --one-file-system "$root" 2> /dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || break
        sleep 0.1
    done
    rm -f "${root:+$root.lock}"
    root=
}
