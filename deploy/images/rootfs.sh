#!/bin/sh
# Makes the root file system of an image that holds one program: the program, the
# shared libraries that it is linked with, certificates of authorities, and a user.
# No shell, no package manager.  Runs where the program was built, on Debian.
#
#   rootfs.sh ROOT PROGRAM
#
# For each package that a file came from, ROOT has the licence, and package and files
# in /var/lib/dpkg/status.d, where scanners look for vulnerabilities and contents.
set -eu

root=$1
program=$2
id=65532
certificates=/etc/ssl/certs/ca-certificates.crt

# Notes a package, and prints where its files are to be noted.
note_package() {
    name=${1%%:*}
    status=$root/var/lib/dpkg/status.d/$name
    if [ ! -e "$status" ]; then
        dpkg-query -s "$1" > "$status"
        install -D -m 644 "/usr/share/doc/$name/copyright" \
            "$root/usr/share/doc/$name/copyright"
    fi
    echo "$status.md5sums"
}

# The package of a file.  What is below /usr may be known by its path from before
# /usr took in /lib.
package_of() {
    { dpkg-query -S "$1" || dpkg-query -S "${1#/usr}"; } 2> /dev/null |
        sed -n '1s/: .*//p'
}

# Copies a library to where the loader looks for it, by the name it is linked by.
add_library() {
    file=$(realpath "$1")
    package=$(package_of "$file")
    if [ -z "$package" ]; then
        echo "rootfs.sh: $file is of no package" >&2
        exit 1
    fi
    copy=$(realpath "$(dirname "$1")")/$(basename "$1")
    install -D -m 755 "$file" "$root$copy"
    (cd "$root" && md5sum "${copy#/}") >> "$(note_package "$package")"
}

# The libraries that a program is linked with, and the loader.  glibc loads libgcc_s
# by itself, when a thread ends early.
libraries() {
    ldd "$1" | sed -n 's,^[^/]*\(/[^ ]*\) (0x.*,\1,p'
    ldconfig -p | sed -n 's,.* => \(/.*/libgcc_s\.so\.1\)$,\1,p' | head -n 1
}

mkdir -p "$root/etc" "$root/usr/lib" "$root/usr/lib64" "$root/var/lib/dpkg/status.d"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

if ldd "$program" | grep 'not found' >&2; then
    echo "rootfs.sh: $program is linked with what is not there" >&2
    exit 1
fi
install -D -m 755 "$program" "$root/usr/bin/$(basename "$program")"
for library in $(libraries "$program"); do
    add_library "$library"
done

install -D -m 644 "$certificates" "$root$certificates"
note_package ca-certificates > /dev/null

echo "root:x:0:0:root:/root:/nonexistent
pg_outbox:x:$id:$id:pg_outbox:/home/pg_outbox:/nonexistent" > "$root/etc/passwd"
echo "root:x:0:
pg_outbox:x:$id:" > "$root/etc/group"
echo "hosts: files dns" > "$root/etc/nsswitch.conf"
install -d -o "$id" -g "$id" "$root/home/pg_outbox"
