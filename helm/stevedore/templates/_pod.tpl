{{/* The template of a pod. */}}
{{- define "stevedore.pod" -}}
metadata:
  labels:
    {{- include "stevedore.podLabels" . | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: proxy
    {{- if ne (toString .Values.hashSeed) "" }}
    stevedore.io/hash-seed: {{ include "stevedore.hashSeed" . | quote }}
    {{- end }}
    {{- if .Values.metrics.annotations }}
    prometheus.io/scrape: "true"
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "stevedore.serviceAccountName" . }}
  automountServiceAccountToken: false   # mounted into the controller's container alone
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
    {{- if and .Values.sysctls (not .Values.hostNetwork) }}
    sysctls:
    {{- range $name, $value := .Values.sysctls }}
    - {name: {{ $name }}, value: {{ $value | quote }}}
    {{- end }}
    {{- end }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- with default (ternary "ClusterFirstWithHostNet" "" .Values.hostNetwork) .Values.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "stevedore.grace" . }}
  {{- with include "stevedore.priorityClassName" . }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
  {{- else if eq .Values.kind "Deployment" }}
  topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "stevedore.selectorLabels" . | nindent 8 }}
  {{- end }}
  initContainers:
  - {{- include "stevedore.controllerContainer" . | nindent 4 }}
  containers:
  - {{- include "stevedore.proxyContainer" . | nindent 4 }}
  volumes:   # two, so that each container writes into one and reads the other
  - name: config
    emptyDir: {medium: Memory, sizeLimit: 64Mi}
  - name: status
    emptyDir: {medium: Memory, sizeLimit: 16Mi}
  - name: token
    projected:
      defaultMode: 0440
      sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3607}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- end -}}
