{{/* Refuses values that contradict each other, each with a sentence. */}}
{{- define "pg-outbox.refuse" -}}
{{- include "pg-outbox.refuse.replicas" . -}}
{{- include "pg-outbox.refuse.missing" . -}}
{{- include "pg-outbox.refuse.config" . -}}
{{- include "pg-outbox.refuse.secrets" . -}}
{{- include "pg-outbox.refuse.time" . -}}
{{- include "pg-outbox.refuse.metrics" . -}}
{{- if .Values.cleanup.enabled }}{{ include "pg-outbox.refuse.cleanup" . }}{{ end -}}
{{- end }}

{{- define "pg-outbox.refuse.replicas" -}}
{{- $replicas := int64 .Values.replicas -}}
{{- $delivery := .Values.config.relay.delivery | default "at-least-once" -}}
{{- if lt $replicas 1 -}}
{{- fail (printf "replicas is %d: nothing would be published, and the slot would keep WAL until the disk is full. To pause the relay, scale its Deployment by kubectl" $replicas) -}}
{{- end -}}
{{- if and (gt $replicas 1) (ne $delivery "exactly-once") -}}
{{- fail (printf "replicas is %d, config.relay.delivery is %s: only exactly-once stops a relay that was paused and comes back beside its successor. Set replicas to 1, or delivery to exactly-once" $replicas $delivery) -}}
{{- end -}}
{{- if and (eq $delivery "exactly-once") (hasKey .Values.config.relay "state_topic") (not .Values.config.relay.state_topic) -}}
{{- fail "config.relay.state_topic is empty, and exactly-once keeps its position there. Name a topic, or leave the key out for pg_outbox.state. and the slot's name" -}}
{{- end -}}
{{- end }}

{{/* Whether a setting is given, in config or in a Secret: list root section key. */}}
{{- define "pg-outbox.given" -}}
{{- $values := (index . 0).Values -}}
{{- if or (dig (index . 1) (index . 2) "" $values.config) (dig (index . 1) (index . 2) "" $values.secrets) }}true{{ end -}}
{{- end }}

{{- define "pg-outbox.refuse.missing" -}}
{{- $service := include "pg-outbox.given" (list . "postgres" "service") -}}
{{- if not (or $service (include "pg-outbox.given" (list . "postgres" "host")) (include "pg-outbox.given" (list . "postgres" "hostaddr"))) -}}
{{- fail "config.postgres.host is empty: name the PostgreSQL server" -}}
{{- end -}}
{{- if not (or $service (include "pg-outbox.given" (list . "postgres" "dbname"))) -}}
{{- fail "config.postgres.dbname is empty: name the database of the outbox" -}}
{{- end -}}
{{- if not (include "pg-outbox.given" (list . "kafka" "bootstrap.servers")) -}}
{{- fail "config.kafka.\"bootstrap.servers\" is empty: name the brokers" -}}
{{- end -}}
{{- end }}

{{- define "pg-outbox.refuse.config" -}}
{{- if hasKey .Values.config.http "listen" -}}
{{- fail "config.http.listen: probes and metrics have to know the port, so set http.host and http.port instead" -}}
{{- end -}}
{{- range $section, $keys := .Values.config -}}
{{- range $key, $value := $keys -}}
{{- if contains "\n" (toString $value) -}}
{{- fail (printf "config.%s.%s has several lines: a setting is one line" $section $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Whether a setting is secret by its key, as the relay has it (consumer/config/settings.c). */}}
{{- define "pg-outbox.isSecret" -}}
{{- if and (ne . "password_file") (regexMatch "password|passphrase|secret|key\\.pem|jaas|oauthbearer\\.config|kinit\\.cmd|scram_" .) }}true{{ end -}}
{{- end }}

{{/* Secrets in the ConfigMap, or given twice. */}}
{{- define "pg-outbox.refuse.secrets" -}}
{{- $root := . -}}
{{- range $section, $keys := .Values.secrets -}}
{{- range $key, $ref := $keys -}}
{{- $setting := printf "%s.%s" $section $key -}}
{{- if dig $section $key nil $root.Values.config -}}
{{- fail (printf "%s is given twice, in config and in secrets: keep the one in secrets" $setting) -}}
{{- end -}}
{{- if and (eq $key "password") (dig $section "password_file" nil $root.Values.config) -}}
{{- fail (printf "%s is given twice, by secrets and by config.%s.password_file: keep one" $setting $section) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $section, $keys := .Values.config -}}
{{- range $key, $value := $keys -}}
{{- if include "pg-outbox.isSecret" $key -}}
{{- fail (printf "config.%s.%s would be readable in a ConfigMap: name the key of a Secret in secrets.%s" $section $key $section) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- $name := .name -}}
{{- range $from := list "secrets" "config" -}}
{{- range $section, $keys := index $root.Values $from -}}
{{- range $key, $value := $keys -}}
{{- if eq $name (include "pg-outbox.variable" (list $section $key)) -}}
{{- fail (printf "%s.%s is given twice, by %s and by %s in extraEnv: keep the one in %s" $section $key $from $name $from) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range .Values.files -}}
{{- if and .secret .configMap -}}
{{- fail (printf "files: %s is given twice, by secret and by configMap: keep one" .name) -}}
{{- end -}}
{{- if not (or .secret .configMap) -}}
{{- fail (printf "files: %s has neither secret nor configMap" .name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* A pod must not be killed while it delivers. */}}
{{- define "pg-outbox.refuse.time" -}}
{{- $text := .Values.config.relay.shutdown_timeout | default "30s" | toString -}}
{{- $factor := get (dict "ms" 1 "s" 1000 "min" 60000 "h" 3600000) (regexFind "[a-z]+$" $text) | default 0 -}}
{{- $grace := int64 .Values.terminationGracePeriodSeconds -}}
{{- if le (mul 1000 $grace) (mul (regexFind "^[0-9]+" $text | int64) $factor) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, config.relay.shutdown_timeout %s: the pod would be killed while it delivers. Set the first to more than the second" $grace $text) -}}
{{- end -}}
{{- end }}

{{- define "pg-outbox.refuse.metrics" -}}
{{- if and .Values.podMonitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.metricsFrom) -}}
{{- fail "podMonitor.enabled: networkPolicy.metricsFrom names nobody, so Prometheus could not reach the relays. Name its namespace or pods there" -}}
{{- end -}}
{{- end }}

{{- define "pg-outbox.refuse.cleanup" -}}
{{- $user := .Values.cleanup.postgres.user -}}
{{- if dig "interval" "" .Values.config.maintenance -}}
{{- fail "cleanup.enabled and config.maintenance.interval: rows would be deleted by both. Keep one" -}}
{{- end -}}
{{- if not (or $user .Values.cleanup.secrets.user) -}}
{{- fail "cleanup.postgres.user is empty: name the table's owner, or a role with outbox.grant_cleanup()" -}}
{{- end -}}
{{- if and $user (eq $user (.Values.config.postgres.user | default "")) -}}
{{- fail (printf "cleanup.postgres.user is %s, the relay's role: it has REPLICATION, and deleting runs code of the table's owner. Name another role" $user) -}}
{{- end -}}
{{- range $key, $value := .Values.cleanup.postgres -}}
{{- if include "pg-outbox.isSecret" $key -}}
{{- fail (printf "cleanup.postgres.%s would be readable in a CronJob: %s" $key (eq $key "password" | ternary "name the key of a Secret in cleanup.secrets" "libpq has no variable for it, so the job needs a key without one")) -}}
{{- end -}}
{{- end -}}
{{- range $key, $ref := .Values.cleanup.secrets -}}
{{- if hasKey $.Values.cleanup.postgres $key -}}
{{- fail (printf "cleanup: %s is given twice, in cleanup.postgres and in cleanup.secrets: keep one" $key) -}}
{{- end -}}
{{- end -}}
{{- range .Values.cleanup.files -}}
{{- $found := false -}}
{{- $name := . -}}
{{- range $.Values.files }}{{ if eq .name $name }}{{ $found = true }}{{ end }}{{ end -}}
{{- if not $found -}}
{{- fail (printf "cleanup.files: %s is none of files" $name) -}}
{{- end -}}
{{- end -}}
{{- end }}
