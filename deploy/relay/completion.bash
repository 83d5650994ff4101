# Completion of pg_outbox for bash.  What there is to choose from is asked of the
# program itself.

# Prints the options of a command, one a line.
_pg_outbox_options() {
    "$1" "$2" --help 2> /dev/null |
        sed -n 's/^  *\(-.\)\{0,1\},\{0,1\} *\(--[a-z-]*\).*/\1\n\2/p' | grep .
}

# Prints the settings that -X takes, as SECTION.KEY=.
_pg_outbox_settings() {
    "$1" run --print-config 2> /dev/null | awk '
        /^\[/ { section = substr($0, 2, index($0, "]") - 2) }
        /^;?[a-z_.]+ =/ { sub(/^;/, ""); print section "." $1 "=" }'
}

_pg_outbox() {
    local program=$1 current=$2 previous=$3 command
    command=${COMP_WORDS[1]}
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "--help --version $("$program" --help 2> /dev/null |
            sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')" -- "$current")
        return
    fi
    case $previous in
        -c | --config)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            ;;
        -X | --set)
            compopt -o nospace
            mapfile -t COMPREPLY < <(compgen -W "$(_pg_outbox_settings "$program")" -- "$current")
            ;;
        -d | --dbname | -b | --brokers | --slot | --skip | =) ;;
        *)
            if [ "$command" = import ] && [[ $current != -* ]]; then
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
            fi
            mapfile -t COMPREPLY < <(
                compgen -W "$(_pg_outbox_options "$program" "$command")" -- "$current"
            )
            ;;
    esac
}

complete -F _pg_outbox pg_outbox
