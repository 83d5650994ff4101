#!/bin/sh
# Prints the manual page: a template, filled in with what the program's own help
# says.
#
#   man.sh PROGRAM TEMPLATE
set -eu

program=$1
template=$2

# Lines "NAME<tab>SUMMARY" of the commands.
commands() {
    "$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1\t\2/p'
}

# Text as roff has it: no escapes, requests or soft hyphens of its own.
# shellcheck disable=SC2016 # a function of awk
escape='
function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text ~ /^[.\047]/ ? "\\&" text : text
}'

synopsis() {
    for command in $(commands | cut -f 1); do
        "$program" "$command" --help | head -n 1
    done | awk "$escape"'{
        name = $1 " " $2
        sub(/^[^ ]+ [^ ]+ /, "")
        print (NR > 1 ? ".br" : ".nh\n.ad l")
        print ".B " escape(name)
        print escape($0)
    }
    END { print ".hy\n.ad b" }'
}

list_commands() {
    commands | awk -F '\t' "$escape"'{
        print ".TP\n.B " escape($1) "\n" escape($2)
    }'
}

# The options in the order in which they first appear, with the commands that have
# them.
list_options() {
    for command in $(commands | cut -f 1); do
        "$program" "$command" --help | sed -n "s/^  *-/$command\t-/p"
    done | awk -F '\t' "$escape"'
    {
        usage = text = $2
        sub(/  .*/, "", usage)
        sub(/^[^ ]+( [^ ]+)*  +/, "", text)
        if (!(usage in what))
            order[++n] = usage
        what[usage] = text
        who[usage] = who[usage] (count[usage] ? ", " : "") $1
        count[usage]++
        if (!($1 in seen)) {
            seen[$1] = 1
            all++
        }
    }
    END {
        for (i = 1; i <= n; i++) {
            usage = order[i]
            print ".TP\n.B " escape(usage) "\n" escape(what[usage])
            if (count[usage] < all)
                print ".br\nCommands: " escape(who[usage])
        }
    }'
}

# Sections and keys of a configuration with all defaults.
list_settings() {
    env -i "$program" run --print-config | awk "$escape"'
    /^\[/ { section = $0; printed = 0; next }
    /^; / { text = substr($0, 3); next }
    / =/ {
        if (!printed++)
            print ".SS " escape(section)
        key = value = $0
        sub(/ =.*/, "", key)
        sub(/^[^=]*= ?/, "", value)
        sub(/^;/, "", key)
        print ".TP\n.B " escape(key) (value != "" ? " = " escape(value) : "")
        print escape(text)
    }'
}

while IFS= read -r line; do
    case $line in
        @SYNOPSIS@) synopsis ;;
        @COMMANDS@) list_commands ;;
        @OPTIONS@) list_options ;;
        @SETTINGS@) list_settings ;;
        *@VERSION@*)
            version=$("$program" --version)
            printf '%s\n' "$line" | sed "s/@VERSION@/${version#* }/"
            ;;
        *) printf '%s\n' "$line" ;;
    esac
done < "$template"
