{{/* Names, labels and small values that several templates share. */}}

{{- define "stevedore.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Objects that derive a name from it add up to 16 characters. */}}
{{- define "stevedore.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 47 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "stevedore.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 47 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of cluster-wide objects: two releases may have one name in two namespaces. */}}
{{- define "stevedore.clusterName" -}}
{{- $name := include "stevedore.fullname" . -}}
{{- ternary $name (printf "%s-%s" $name .Release.Namespace) (eq $name .Release.Namespace) -}}
{{- end -}}

{{- define "stevedore.selectorLabels" -}}
app.kubernetes.io/name: {{ include "stevedore.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stevedore.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{ include "stevedore.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: stevedore
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Not the chart's version: a new chart alone restarts no pod. */}}
{{- define "stevedore.podLabels" -}}
{{ include "stevedore.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: stevedore
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- with .Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "stevedore.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "stevedore.serviceAccountName" -}}
{{- default (ternary (include "stevedore.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "stevedore.priorityClassName" -}}
{{- if .Values.priorityClass.create -}}
{{- default (include "stevedore.clusterName" .) .Values.priorityClassName -}}
{{- else -}}
{{- .Values.priorityClassName -}}
{{- end -}}
{{- end -}}

{{/* Numbers come from YAML as floats and would be printed as 1e+06. */}}
{{- define "stevedore.grace" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- add .Values.proxy.preStopSeconds .Values.proxy.drainTimeoutSeconds 15 -}}
{{- else -}}
{{- int64 .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end -}}

{{/* More than one pod, as far as the chart knows. */}}
{{- define "stevedore.several" -}}
{{- if and (eq .Values.kind "Deployment") (or .Values.autoscaling.enabled (gt (int .Values.replicas) 1)) }}yes{{ end -}}
{{- end -}}

{{/* What is set, else what the live ConfigMap has, else drawn. */}}
{{- define "stevedore.hashSeed" -}}
{{- if ne (toString .Values.hashSeed) "" -}}
{{- ternary .Values.hashSeed (printf "%d" (int64 .Values.hashSeed)) (kindIs "string" .Values.hashSeed) -}}
{{- else -}}
{{- $live := lookup "v1" "ConfigMap" .Release.Namespace (include "stevedore.fullname" .) -}}
{{- dig "data" "hash-seed" (randInt 1 4294967295 | toString) (default dict $live) -}}
{{- end -}}
{{- end -}}
