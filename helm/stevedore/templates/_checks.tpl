{{/* Values that contradict each other. What is wrong by itself is refused by values.schema.json. */}}
{{- define "stevedore.checks" -}}
{{- $values := .Values -}}
{{- if and $values.metrics.podMonitor.enabled $values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics.podMonitor.enabled and metrics.serviceMonitor.enabled: choose one, or everything is scraped twice" -}}
{{- end -}}
{{- if and $values.hostNetwork $values.hostPorts -}}
{{- fail "hostPorts: with hostNetwork every listener is a port of the node already" -}}
{{- end -}}
{{- if and (eq $values.kind "DaemonSet") $values.autoscaling.enabled -}}
{{- fail "autoscaling.enabled: a DaemonSet has one pod on each node; use kind: Deployment" -}}
{{- end -}}
{{- if and (not (kindIs "invalid" $values.podDisruptionBudget.minAvailable)) (not (kindIs "invalid" $values.podDisruptionBudget.maxUnavailable)) -}}
{{- fail "podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable: set one of them to null" -}}
{{- end -}}
{{- if and $values.autoscaling.enabled (gt (int $values.autoscaling.minReplicas) (int $values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas: larger than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if not (or $values.service.enabled $values.hostNetwork $values.hostPorts) -}}
{{- fail "service.enabled: false leaves no way in; set hostNetwork or hostPorts" -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $name, $port := $values.service.ports -}}
{{- $number := toString (int $port.port) -}}
{{- if hasKey $seen $number -}}
{{- fail (printf "service.ports.%s.port: %s is the port of service.ports.%s too" $name $number (get $seen $number)) -}}
{{- end -}}
{{- $_ := set $seen $number $name -}}
{{- if and $port.nodePort (eq $values.service.type "ClusterIP") -}}
{{- fail (printf "service.ports.%s.nodePort: a Service of type ClusterIP has no node ports" $name) -}}
{{- end -}}
{{- end -}}
{{- if and (not (kindIs "invalid" $values.terminationGracePeriodSeconds)) (le (int $values.terminationGracePeriodSeconds) (int (add $values.proxy.preStopSeconds $values.proxy.drainTimeoutSeconds))) -}}
{{- fail "terminationGracePeriodSeconds: must be longer than proxy.preStopSeconds and proxy.drainTimeoutSeconds together, or pods are killed while they drain" -}}
{{- end -}}
{{- if and (ne (int $values.service.healthCheckNodePort) 0) (or (ne $values.service.type "LoadBalancer") (ne $values.service.externalTrafficPolicy "Local")) -}}
{{- fail "service.healthCheckNodePort: only with service.type LoadBalancer and service.externalTrafficPolicy Local" -}}
{{- end -}}
{{- end -}}
