{{/* The Jobs that bring the CRD and, if wanted, take it away, and what they need: hooks, no part of the release. */}}

{{- define "stevedore.crdName" -}}
{{ include "stevedore.fullname" . }}-crd
{{- end -}}

{{/* Of (dict "root" $ "events" TEXT "weight" NUMBER): one that succeeded goes, one that failed stays with its log. */}}
{{- define "stevedore.crdMetadata" -}}
labels:
  {{- include "stevedore.labels" .root | nindent 2 }}
annotations:
  helm.sh/hook: {{ .events }}
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  helm.sh/hook-output-log-policy: hook-failed
{{- end -}}

{{- define "stevedore.crdEvents" -}}
pre-install,pre-upgrade{{ if not .Values.crds.keep }},post-delete{{ end }}
{{- end -}}

{{- define "stevedore.crdAccount" -}}
{{- ternary (include "stevedore.crdName" .) (include "stevedore.serviceAccountName" .) .Values.serviceAccount.create -}}
{{- end -}}

{{/* No label of the proxies' pods: the Service would take it for one of them. */}}
{{- define "stevedore.crdPodLabels" -}}
app.kubernetes.io/part-of: stevedore
stevedore.io/crd: {{ include "stevedore.fullname" . }}
{{- end -}}

{{/* Of (dict "root" $ "verb" apply|delete "events" TEXT). */}}
{{- define "stevedore.crdJob" -}}
{{- $values := .root.Values -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "stevedore.crdName" .root }}-{{ .verb }}
  namespace: {{ .root.Release.Namespace }}
  {{- include "stevedore.crdMetadata" (dict "root" .root "events" .events "weight" 0) | nindent 2 }}
spec:
  backoffLimit: 3
  podFailurePolicy:
    rules:   # the program has tried long enough itself; what befalls its pod is tried again
    - action: FailJob
      onExitCodes: {containerName: crd, operator: In, values: [1]}
  activeDeadlineSeconds: 240   # less than what Helm waits; an image that is not to be had ends here
  ttlSecondsAfterFinished: 86400
  template:
    metadata:
      labels:
        {{- include "stevedore.crdPodLabels" .root | nindent 8 }}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 10
      serviceAccountName: {{ include "stevedore.crdAccount" .root }}
      automountServiceAccountToken: true
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: crd
        image: {{ include "stevedore.image" .root | quote }}
        imagePullPolicy: {{ $values.image.pullPolicy }}
        command: [/usr/bin/stevedore-controller]
        args:
        - --log-level={{ $values.controller.logLevel }}
        - --log-format={{ $values.controller.logFormat }}
        - crd
        - {{ .verb }}
        - --file=/etc/stevedore/stevedoreroutes.yaml
        {{- with $values.controller.extraEnv }}
        env:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        terminationMessagePolicy: FallbackToLogsOnError
        resources:
          {{- toYaml $values.controller.resources | nindent 10 }}
        securityContext:
          {{- include "stevedore.containerSecurity" .root | nindent 10 }}
        volumeMounts:
        - {name: crd, mountPath: /etc/stevedore, readOnly: true}
      volumes:
      - name: crd
        configMap: {name: {{ include "stevedore.crdName" .root }}}
{{- end -}}
