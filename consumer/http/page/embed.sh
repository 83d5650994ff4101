#!/bin/sh
# Writes the files of the status page as C, for http/page.h: embed.sh > page.c
set -eu
cd "$(dirname "$0")"

echo '/* Made by http/page/embed.sh. */'
echo '#include "http/page.h"'
for kind in html css js svg; do
    printf '\nstatic const char %s_data[] = {' "$kind"
    od -An -v -td1 "page.$kind" | sed 's/  */ /g; s/\([0-9]\) /\1, /g; s/$/,/'
    printf '};\nconst PageFile page_%s = {%s_data, sizeof(%s_data)};\n' \
        "$kind" "$kind" "$kind"
done
