{{- define "twinkey.podSecurityContext" -}}
runAsNonRoot: true
# The image's user `node`.
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "twinkey.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- /*
The variables of a container. Takes (dict "root" $ "env" dict "values" dict "mountsKeys" bool): `env` has the chart's own;
`values` has `settings`, `secretSettings`, `existingSecret` and `extraEnv`.
*/}}
{{- define "twinkey.env" -}}
{{- $root := .root }}
{{- $keysFile := .mountsKeys }}
- { name: ENVIRONMENT, value: production }
- { name: HOST, value: {{ $root.Values.listenHost | quote }} }
{{- if $keysFile }}
- { name: JWT_KEYS_FILE, value: {{ printf "/etc/twinkey/keys/%s" $root.Values.keysFile.key | quote }} }
{{- end }}
{{- range $name, $value := mergeOverwrite .env (deepCopy $root.Values.settings) .values.settings }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- $names := .values.secretSettings }}
{{- if $keysFile }}{{ $names = without $names "JWT_PRIVATE_KEY" "JWT_PUBLIC_KEY" "JWT_ADDITIONAL_PUBLIC_KEYS" }}{{ end }}
{{- if $names }}
{{- $secret := required "existingSecret is required: the name of a Secret whose keys are names of settings" (.values.existingSecret | default $root.Values.existingSecret) }}
{{- range $names }}
- { name: {{ . }}, valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ . }} } } }
{{- end }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
