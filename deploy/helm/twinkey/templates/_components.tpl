{{- /*
The Deployments as JSON, by component: their arguments, ports, the ports of their probes, the variables that the chart
sets, and `workload`, their part of the values.
*/}}
{{- define "twinkey.components" -}}
{{- $ports := .Values.ports }}
{{- $identityProvider := dict "name" "identity" "port" $ports.identityProvider }}
{{- $userService := dict "name" "users" "port" $ports.userService }}
{{- $internal := dict "name" "internal" "port" $ports.internal }}
{{- $metrics := dict "name" "metrics" "port" $ports.metrics }}
{{- $identityProviderEnv := dict "PORT" $ports.identityProvider }}
{{- $userServiceEnv := dict
  "USER_SERVICE_PORT" $ports.userService
  "USER_SERVICE_INTERNAL_PORT" $ports.internal
  "USER_SERVICE_INTERNAL_HOST" .Values.listenHost }}
{{- $components := dict }}
{{- if eq .Values.mode "combined" }}
{{- /* The internal port opens last. Readiness asks identity-provider, without which nobody can sign in. */}}
{{- $_ := set $components "combined" (dict
  "args" (list "run")
  "ports" (list $identityProvider $userService $internal)
  "livePort" "internal" "readyPort" "identity"
  "env" (merge (dict) $identityProviderEnv $userServiceEnv)
  "workload" (mergeOverwrite (deepCopy .Values.workload) .Values.combined)) }}
{{- else }}
{{- $url := printf "http://%s-identity-provider:%v" (include "twinkey.fullname" .) $ports.identityProvider }}
{{- $_ := set $components "identity-provider" (dict
  "args" (list "run" "identity-provider")
  "ports" (list $identityProvider $metrics)
  "livePort" "identity" "readyPort" "identity"
  "env" (merge (dict "METRICS_PORT" $ports.metrics "METRICS_HOST" .Values.listenHost) $identityProviderEnv)
  "workload" (mergeOverwrite (deepCopy .Values.workload) .Values.identityProvider)) }}
{{- $_ := set $components "user-service" (dict
  "args" (list "run" "user-service")
  "ports" (list $userService $internal)
  "livePort" "internal" "readyPort" "internal"
  "env" (merge (dict "IDENTITY_PROVIDER_URL" $url) $userServiceEnv)
  "workload" (mergeOverwrite (deepCopy .Values.workload) .Values.userService)) }}
{{- end }}
{{- toJson $components }}
{{- end }}

{{- /* The component whose pods serve an app's ports. Takes (dict "root" $ "app" name). */}}
{{- define "twinkey.componentOf" -}}
{{- eq .root.Values.mode "combined" | ternary "combined" .app }}
{{- end }}

{{- /* The Services as JSON, by the end of their names. `public` ones can be published. */}}
{{- define "twinkey.services" -}}
{{- $identityProvider := include "twinkey.componentOf" (dict "root" . "app" "identity-provider") }}
{{- $userService := include "twinkey.componentOf" (dict "root" . "app" "user-service") }}
{{- $services := dict
  "identity-provider" (dict "component" $identityProvider "port" "identity" "number" .Values.ports.identityProvider)
  "user-service" (dict "component" $userService "port" "users" "number" .Values.ports.userService)
  "user-service-internal" (dict "component" $userService "port" "internal" "number" .Values.ports.internal "metrics" true) }}
{{- if ne .Values.mode "combined" }}
{{- $_ := set $services "identity-provider-metrics" (dict
  "component" $identityProvider "port" "metrics" "number" .Values.ports.metrics "metrics" true) }}
{{- end }}
{{- toJson $services }}
{{- end }}
