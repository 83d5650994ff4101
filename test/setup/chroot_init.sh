#!/bin/sh
# The first process of a chroot, in namespaces of its own: mounts what a machine
# has, runs a command, and reaps what that leaves.
#
#   chroot_init.sh ROOT [VARIABLE=VALUE]... COMMAND [ARGUMENT]...
set -eu

root=$1
shift

mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom tty; do
    : > "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do
    ln -s "/proc/self/fd/${number%:*}" "$root/dev/${number#*:}"
done

# Shows a file or folder at its own place, read-only, unless one is there.
show() {
    if [ ! -e "$1" ] || [ -e "$root$1" ]; then
        return
    fi
    if [ -d "$1" ]; then
        mkdir -p "$root$1"
    else
        mkdir -p "$root$(dirname "$1")"
        : > "$root$1"
    fi
    mount --bind "$1" "$root$1"
    mount -o remount,bind,ro "$root$1"
}

# The absolute paths in a text.
paths() {
    grep -oE '(^|[^A-Za-z0-9_./:-])/[A-Za-z0-9_.+/-]+' | sed 's/^[^/]*//'
}

for variable; do
    case $variable in
        [A-Za-z_]*=*) echo "$variable" ;;
        *) break ;;
    esac
done | paths > "$root/tmp/paths" || true
cat "$root/etc/pip.conf" "$root/root/.config/pip/pip.conf" "$root/root/.pip/pip.conf" \
    "$root/etc/apt/apt.conf.d/99mmdebstrap" 2> /dev/null |
    paths >> "$root/tmp/paths" || true
while read -r path; do
    show "$path"
done < "$root/tmp/paths"
rm "$root/tmp/paths"

# Not by exec: this shell reaps what is left to the first process.
status=0
chroot "$root" env -i HOME=/root USER=root LOGNAME=root \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" ||
    status=$?
exit "$status"
