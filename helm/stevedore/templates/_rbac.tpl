{{/* Rights where routes are: in the whole cluster, or in each watched namespace. */}}
{{- define "stevedore.watchRules" -}}
- apiGroups: [stevedore.io]
  resources: [stevedoreroutes]
  verbs: [get, list, watch]
- apiGroups: [stevedore.io]
  resources: [stevedoreroutes/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Rights in the release's own namespace. */}}
{{- define "stevedore.ownRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, list, watch, create, update, delete]
{{- if .Values.watchNamespaces }}
{{- /* Who leads is told here; the rights to watch are in other namespaces. */}}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
{{- if .Values.service.enabled }}
- apiGroups: [""]
  resources: [services]
  resourceNames: [{{ include "stevedore.fullname" . }}]
  verbs: [{{ if .Values.watchNamespaces }}get, list, watch, {{ end }}patch]
{{- end }}
{{- end -}}

{{- define "stevedore.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "stevedore.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
