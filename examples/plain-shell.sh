#!/bin/sh
# What Key-less Gate does, as far as a shell and curl go: for organisations that allow no actions of others. One deployment,
# chat completions, one resource. It signs in by OIDC, calls the model, grants the role if the call is denied, waits until it
# answers three times in a row, and fails the job otherwise.
#
# What it leaves out: diagnosis beyond the service's own words, other APIs and models that want other parameters, renewal of
# tokens (so a wait ends within the hour that they live), locks against a wrong endpoint: ENDPOINT is yours to get right.
#
# In the environment: CLIENT_ID, TENANT_ID, RESOURCE_ID, ENDPOINT (https://NAME.openai.azure.com), DEPLOYMENT; and what the
# runner gives to a job with `id-token: write`.
set -eu
command -v curl >/dev/null || { echo 'This script needs curl.' >&2; exit 127; }
: "${CLIENT_ID:?}" "${TENANT_ID:?}" "${RESOURCE_ID:?}" "${ENDPOINT:?}" "${DEPLOYMENT:?}"
: "${ACTIONS_ID_TOKEN_REQUEST_URL:?the job needs the permission id-token: write}" "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?}"
authority=${AUTHORITY_HOST:-https://login.microsoftonline.com}
manager=${RESOURCE_MANAGER:-https://management.azure.com}
role=${ROLE_ID:-a97b65f3-24c7-4388-baec-2e87135dc908} # Cognitive Services User
limit=${TIMEOUT_SECONDS:-900}
case $DEPLOYMENT in *[!A-Za-z0-9._-]*) echo "DEPLOYMENT is no name of a deployment" >&2; exit 1 ;; esac
# It goes behind the host of Resource Manager, with the token: unless it begins with a slash, it would be a part of that host.
case $RESOURCE_ID in *[[:space:]]* | *[\'\"\\?\#%@{}]* | *\[* | */..*) RESOURCE_ID='' ;; esac
case $RESOURCE_ID in /subscriptions/*) ;; *) echo "RESOURCE_ID is no id of a resource" >&2; exit 1 ;; esac

reply=$(mktemp)
trap 'rm -f "$reply"' EXIT

# Tokens reach curl by its standard input: arguments of a process can be read by all others.
# Leaves the body in $reply, prints the status; 000 where there was no reply.
request() {
  curl --silent --show-error --proto '=https' --max-time 30 --output "$reply" --write-out '%{http_code}' "$@" || :
}

# What servers say must not become a command to the runner.
quote_reply() { head -c 2000 "$reply" | tr -d '\r' | sed 's/##\[/## [/g; s/^/| /'; echo; }

fail() {
  echo "::error title=Key-less access::$1"
  quote_reply
  exit 1
}

field() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' "$reply"; }

mask() { echo "::add-mask::$1"; }

status=$(printf 'Authorization: Bearer %s\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
  request --header @- "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api%3A%2F%2FAzureADTokenExchange")
[ "$status" = 200 ] || fail "GitHub gave no OIDC token ($status)"
assertion=$(field value)
mask "$assertion"

# Exchanges the OIDC token for an access token to the audience $1, and leaves it in $token.
sign_in() {
  status=$(printf '%s' "$assertion" | request --data-urlencode client_assertion@- \
    --data grant_type=client_credentials --data "client_id=$CLIENT_ID" --data-urlencode "scope=$1/.default" \
    --data client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
    "$authority/$TENANT_ID/oauth2/v2.0/token")
  [ "$status" = 200 ] || fail "Entra did not accept the OIDC token ($status): compare the subject below with the federated credential"
  token=$(field access_token)
  mask "$token"
}
sign_in "${RESOURCE_MANAGER_AUDIENCE:-https://management.azure.com}"
manager_token=$token
sign_in "${INFERENCE_AUDIENCE:-https://cognitiveservices.azure.com}"

call_model() {
  printf 'Authorization: Bearer %s\n' "$token" | request --header @- --header 'Content-Type: application/json' --data "{
    \"model\": \"$DEPLOYMENT\", \"max_completion_tokens\": 16,
    \"messages\": [{ \"role\": \"user\", \"content\": \"Answer with the one word ready.\" }] }" \
    "${ENDPOINT%/}/openai/v1/chat/completions"
}

# The object id of the service principal, out of the middle part of the token.
principal_id() {
  payload=$(printf '%s' "$manager_token" | cut -d . -f 2 | tr '_-' '/+')
  while [ $((${#payload} % 4)) -ne 0 ]; do payload=$payload=; done
  printf '%s' "$payload" | base64 -d | sed -n 's/.*"oid" *: *"\([^"]*\)".*/\1/p'
}

grant() {
  principal=$(principal_id)
  echo "Denied: granting role $role to $principal"
  status=$(printf 'Authorization: Bearer %s\n' "$manager_token" |
    request --request PUT --header @- --header 'Content-Type: application/json' --data "{ \"properties\": {
      \"principalId\": \"$principal\", \"principalType\": \"ServicePrincipal\",
      \"roleDefinitionId\": \"$(printf '%s' "$RESOURCE_ID" | cut -d / -f 1-3)/providers/Microsoft.Authorization/roleDefinitions/$role\" } }" \
      "$manager$RESOURCE_ID/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)?api-version=2022-04-01")
  case $status in
    200 | 201) ;;
    409) grep -q RoleAssignmentExists "$reply" || fail "The role was not granted ($status)" ;;
    *)
      echo "Somebody who may: az role assignment create --assignee-object-id $principal --assignee-principal-type ServicePrincipal --role $role --scope '$RESOURCE_ID'"
      fail "The role was not granted ($status)"
      ;;
  esac
}

waited=0 probes=0 in_a_row=0 needed=1
while :; do
  status=$(call_model)
  probes=$((probes + 1))
  if [ "$status" = 200 ]; then
    grep -q '"choices"' "$reply" || fail 'The reply is no completion'
    in_a_row=$((in_a_row + 1))
    [ "$in_a_row" -lt "$needed" ] || break
    # Replicas disagree for a while: give the others time to show it.
    pause=$((3 * in_a_row))
  elif { [ "$status" = 401 ] || [ "$status" = 403 ]; } && grep -q '"PermissionDenied"' "$reply"; then
    # The face of a role that is missing, and of one that is not live yet.
    [ "$needed" -gt 1 ] || grant
    in_a_row=0 needed=3
    pause=$((1 + waited / 10))
  else
    case $status in
      000 | 408 | 429 | 5??) pause=$((5 + waited / 10)) ;;
      *) fail "The model refused the call ($status)" ;;
    esac
  fi
  [ "$pause" -le 30 ] || pause=30
  [ $((waited + pause)) -le "$limit" ] || fail "No access after $waited seconds and $probes calls (last status $status)"
  sleep "$pause"
  waited=$((waited + pause))
done
echo "$DEPLOYMENT answers without a key: $probes calls, $waited seconds"
