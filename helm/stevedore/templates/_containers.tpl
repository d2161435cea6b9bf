{{/* The two containers of a pod, and the arguments of their programs. */}}

{{- define "stevedore.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:   # last: the proxy's may add to them
  drop: [ALL]
{{- end -}}

{{- define "stevedore.controllerArgs" -}}
{{- $controller := .Values.controller -}}
- --supervise
- --leader-elect
- --class={{ .Values.class }}
- --proxy-config=/run/stevedore/config/config.json
- --proxy-status=/run/stevedore/status/status.json
- --metrics-address=:{{ int $controller.metricsPort }}
{{- if .Values.service.enabled }}
- --publish-service={{ .Release.Namespace }}/{{ include "stevedore.fullname" . }}
{{- end }}
{{- range .Values.watchNamespaces }}
- --watch-namespace={{ . }}
{{- end }}
- --static-peers={{ $controller.staticPeers }}
{{- range $controller.listenerPorts }}
- {{ printf "--listener-ports=%s" . | quote }}
{{- end }}
- --max-listeners={{ int $controller.maxListeners }}
{{- if $controller.sharePortsAcrossNamespaces }}
- --share-ports-across-namespaces
{{- end }}
- --log-level={{ $controller.logLevel }}
- --log-format={{ $controller.logFormat }}
{{- range $controller.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "stevedore.proxyArgs" -}}
{{- $proxy := .Values.proxy -}}
- --config=/run/stevedore/config/config.json
- --wait-for-config
- --status-file=/run/stevedore/status/status.json
- --metrics-address=:{{ int $proxy.metricsPort }}
{{- if not $proxy.livePage }}
- --no-live-page
{{- end }}
- --drain-timeout={{ int $proxy.drainTimeoutSeconds }}
{{- if not (kindIs "invalid" $proxy.workers) }}
- --workers={{ int $proxy.workers }}
{{- end }}
- --max-sessions={{ int $proxy.maxSessions }}
{{- if not (kindIs "invalid" $proxy.keyTableSize) }}
- --key-table-size={{ int $proxy.keyTableSize }}
{{- end }}
- --log-level={{ $proxy.logLevel }}
- --log-format={{ $proxy.logFormat }}
{{- range $proxy.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Its first process restarts the controller, so the probes ask about that process alone: the pod is never ended, nor
     taken out of a Service, because of the API server. */}}
{{- define "stevedore.controllerContainer" -}}
name: controller
image: {{ include "stevedore.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
restartPolicy: Always   # a native sidecar: starts first, ends last
command: [/usr/bin/stevedore-controller]
args:
  {{- include "stevedore.controllerArgs" . | nindent 2 }}
env:
- name: STEVEDORE_HASH_SEED
  valueFrom: {configMapKeyRef: {name: {{ include "stevedore.fullname" . }}, key: hash-seed}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
{{- with .Values.controller.extraEnv }}
{{ toYaml . }}
{{- end }}
ports:
- {name: metrics, containerPort: {{ int .Values.controller.metricsPort }}, protocol: TCP}
startupProbe:
  exec: {command: [/usr/bin/stevedore-controller, probe]}
  periodSeconds: 1
  failureThreshold: 30
livenessProbe:
  exec: {command: [/usr/bin/stevedore-controller, probe]}
  periodSeconds: 30
  timeoutSeconds: 5
  failureThreshold: 4
resources:
  {{- toYaml .Values.controller.resources | nindent 2 }}
securityContext:
  {{- include "stevedore.containerSecurity" . | nindent 2 }}
volumeMounts:
- {name: config, mountPath: /run/stevedore/config}
- {name: status, mountPath: /run/stevedore/status, readOnly: true}
- {name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end -}}

{{- define "stevedore.proxyContainer" -}}
name: proxy
image: {{ include "stevedore.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [/usr/bin/stevedore-proxy]
args:
  {{- include "stevedore.proxyArgs" . | nindent 2 }}
{{- with .Values.proxy.extraEnv }}
env:
{{ toYaml . }}
{{- end }}
ports:
- {name: proxy-metrics, containerPort: {{ int .Values.proxy.metricsPort }}, protocol: TCP}
{{- range $name, $port := .Values.hostPorts }}
- name: {{ $name }}
  containerPort: {{ int $port.port }}
  hostPort: {{ int (default $port.port $port.hostPort) }}
  {{- with $port.hostIP }}
  hostIP: {{ . | quote }}
  {{- end }}
  protocol: UDP
{{- end }}
{{- with int .Values.proxy.preStopSeconds }}
lifecycle:
  preStop: {sleep: {seconds: {{ . }}}}   # ready all that time: another pod, and those who send here, get to know
{{- end }}
readinessProbe:
  httpGet: {path: /readyz, port: proxy-metrics}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /healthz, port: proxy-metrics}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
resources:
  {{- toYaml .Values.proxy.resources | nindent 2 }}
securityContext:
  {{- include "stevedore.containerSecurity" . | nindent 2 }}
  {{- if .Values.proxy.netBindService }}
    add: [NET_BIND_SERVICE]
  {{- end }}
volumeMounts:
- {name: config, mountPath: /run/stevedore/config, readOnly: true}
- {name: status, mountPath: /run/stevedore/status}
{{- end -}}
