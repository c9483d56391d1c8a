{{- /* What Ingress and HTTPRoute publish, as JSON: host, paths, and the Service of each app. */}}
{{- define "twinkey.published" -}}
{{- $name := include "twinkey.fullname" . }}
{{- $published := list }}
{{- with .Values.public.identityProvider }}
{{- if .host }}
{{- $published = append $published (dict "name" "identity-provider" "host" .host "paths" .paths "service" (printf "%s-identity-provider" $name) "port" $.Values.ports.identityProvider) }}
{{- end }}
{{- end }}
{{- with .Values.public.userService }}
{{- if .host }}
{{- $published = append $published (dict "name" "user-service" "host" .host "paths" .paths "service" (printf "%s-user-service" $name) "port" $.Values.ports.userService) }}
{{- end }}
{{- end }}
{{- if not $published }}
{{- fail "ingress and httpRoute need public.identityProvider.host or public.userService.host" }}
{{- end }}
{{- toJson $published }}
{{- end }}
