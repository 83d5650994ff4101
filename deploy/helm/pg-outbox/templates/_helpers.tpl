{{/* Names are short enough for what is put behind them: a CronJob's has 52 characters. */}}
{{- define "pg-outbox.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains "pg-outbox" $name) }}{{ $name = printf "%s-pg-outbox" $name }}{{ end -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Labels by which the pods of a component are found: dict "root" $ "component" … */}}
{{- define "pg-outbox.selector" -}}
app.kubernetes.io/name: pg-outbox
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "pg-outbox.labels" -}}
{{ include "pg-outbox.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "pg-outbox.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "pg-outbox.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "pg-outbox.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{/* What every pod begins with, but the account it runs as. */}}
{{- define "pg-outbox.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- end }}

{{/* Where a pod runs. */}}
{{- define "pg-outbox.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Volumes and mounts of "files": dict "root" $ "names" (a list; all without it). */}}
{{- define "pg-outbox.fileVolumes" -}}
{{- range .root.Values.files }}
{{- if or (not $.names) (has .name $.names) }}
- name: file-{{ .name }}
  {{- if .secret }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ .configMap }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "pg-outbox.fileMounts" -}}
{{- range .root.Values.files }}
{{- if or (not $.names) (has .name $.names) }}
- name: file-{{ .name }}
  mountPath: /run/pg_outbox/files/{{ .name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{/* Environment, mounts and volumes of a pod that runs pg_outbox: dict "root" $ "config" (the
     name of its ConfigMap). */}}
{{- define "pg-outbox.env" -}}
{{- $root := . -}}
{{- range $section, $keys := include "pg-outbox.settings" . | fromJson }}
{{- range $key, $value := $keys }}
{{- if gt (len (printf "%s = %s" $key $value)) 198 }}
- name: {{ include "pg-outbox.variable" (list $section $key) }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range $section, $keys := .Values.secrets }}
{{- range $key, $ref := $keys }}
{{- if not (include "pg-outbox.isFile" (list $section $key)) }}
- name: {{ include "pg-outbox.variable" (list $section $key) }}
  valueFrom:
    secretKeyRef:
      {{- toYaml $ref | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "pg-outbox.mounts" -}}
- name: config
  mountPath: /etc/pg_outbox
  readOnly: true
{{- if include "pg-outbox.passwords" . }}
- name: passwords
  mountPath: /run/pg_outbox/passwords
  readOnly: true
{{- end }}
{{- include "pg-outbox.fileMounts" (dict "root" .) }}
{{- end }}

{{- define "pg-outbox.volumes" -}}
- name: config
  configMap:
    name: {{ .config }}
{{- with include "pg-outbox.passwords" .root }}
- name: passwords
  projected:
    defaultMode: 0440
    sources:
      {{- . | trim | nindent 6 }}
{{- end }}
{{- include "pg-outbox.fileVolumes" (dict "root" .root) }}
{{- end }}
