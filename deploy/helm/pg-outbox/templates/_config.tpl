{{/* The relay's settings: what is written to its file, and what comes by other ways. */}}

{{/* A value as text: YAML knows only floating point numbers, which print as 4e+06. */}}
{{- define "pg-outbox.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* The variable of a setting: list section key. */}}
{{- define "pg-outbox.variable" -}}
{{ printf "PG_OUTBOX_%s_%s" (index . 0) (index . 1) | upper | replace "." "_" }}
{{- end }}

{{/* Whether a secret setting is mounted as a file, which is read for each connection. */}}
{{- define "pg-outbox.isFile" -}}
{{- if and (has (index . 0) (list "postgres" "maintenance")) (eq (index . 1) "password") }}true{{ end -}}
{{- end }}

{{/* Sources of the volume with the passwords that are files; nothing without one. */}}
{{- define "pg-outbox.passwords" -}}
{{- range $section := list "maintenance" "postgres" }}
{{- with dig $section "password" nil $.Values.secrets }}
- secret:
    name: {{ .name }}
    items:
      - key: {{ .key }}
        path: {{ $section }}
{{- end }}
{{- end }}
{{- end }}

{{/* JSON: all settings of the file as text, by section and key. */}}
{{- define "pg-outbox.settings" -}}
{{- $all := dict -}}
{{- range $section, $keys := .Values.config -}}
{{- $texts := dict -}}
{{- range $key, $value := $keys -}}
{{- if not (or (kindIs "invalid" $value) (dig $section $key nil $.Values.secrets)) }}{{ $_ := set $texts $key (include "pg-outbox.text" $value) }}{{ end -}}
{{- end -}}
{{- if eq $section "http" }}{{ $_ := set $texts "listen" (printf "%s:%v" $.Values.http.host (int64 $.Values.http.port)) }}{{ end -}}
{{- if dig $section "password" nil $.Values.secrets -}}
{{- if include "pg-outbox.isFile" (list $section "password") -}}
{{- $_ := set $texts "password_file" (printf "/run/pg_outbox/passwords/%s" $section) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $all $section $texts -}}
{{- end -}}
{{- $all | toJson -}}
{{- end }}

{{/* The file.  A line has at most 198 bytes; what is longer is a variable. */}}
{{- define "pg-outbox.ini" -}}
{{- range $section, $keys := include "pg-outbox.settings" . | fromJson }}
{{- if $keys }}
[{{ $section }}]
{{- range $key, $value := $keys }}
{{- $line := printf "%s = %s" $key $value }}
{{- if le (len $line) 198 }}
{{ $line }}
{{- end }}
{{- end }}
{{ end }}
{{- end }}
{{- end }}
