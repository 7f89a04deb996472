#!/bin/sh
# What Key-less Gate does, as far as a shell, curl and jq go: for organisations that allow no actions of others. One deployment,
# chat completions, one resource. It signs in by OIDC, calls the model, grants the role if the call is denied, waits until it
# answers three times in a row, each time on a new connection, and fails the job otherwise.
#
# What it leaves out: diagnosis beyond the service's own words, other APIs and models that want other parameters, renewal of
# tokens (so a wait ends within the hour that they live), the age of the role, locks against a wrong endpoint: ENDPOINT is yours
# to get right.
#
# In the environment: CLIENT_ID, TENANT_ID, RESOURCE_ID, ENDPOINT (https://NAME.openai.azure.com), DEPLOYMENT; and what the
# runner gives to a job with `id-token: write`. In Azure Pipelines: RESOURCE_ID, ENDPOINT, DEPLOYMENT and SYSTEM_ACCESSTOKEN; the
# task AzureCLI@2 adds the ids of its service connection.
set -eu
for program in curl jq; do
  command -v "$program" >/dev/null || { echo "This script needs $program." >&2; exit 127; }
done
: "${CLIENT_ID:=${AZURESUBSCRIPTION_CLIENT_ID:-}}" "${TENANT_ID:=${AZURESUBSCRIPTION_TENANT_ID:-}}"
: "${CLIENT_ID:?}" "${TENANT_ID:?}" "${RESOURCE_ID:?}" "${ENDPOINT:?}" "${DEPLOYMENT:?}"
# Each has its own commands: the one of the other that masks would print what it is to hide.
if [ -n "${SYSTEM_OIDCREQUESTURI:-}" ]; then
  issuer='Azure DevOps' mask='##vso[task.setsecret]' error='##vso[task.logissue type=error]Key-less access: '
  : "${SERVICE_CONNECTION_ID:=${AZURESUBSCRIPTION_SERVICE_CONNECTION_ID:-}}"
  : "${SYSTEM_ACCESSTOKEN:?map it in the step: \$(System.AccessToken)}"
  # Azure DevOps gives a token only where a task of the same stage names the connection.
  : "${SERVICE_CONNECTION_ID:?run this script in the task AzureCLI@2}"
else
  issuer=GitHub mask='::add-mask::' error='::error title=Key-less access::'
  : "${ACTIONS_ID_TOKEN_REQUEST_URL:?the job needs the permission id-token: write}" "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?}"
fi
authority=${AUTHORITY_HOST:-https://login.microsoftonline.com}
manager=${RESOURCE_MANAGER:-https://management.azure.com}
role=${ROLE_ID:-a97b65f3-24c7-4388-baec-2e87135dc908} # Cognitive Services User
limit=${TIMEOUT_SECONDS:-900}
case $DEPLOYMENT in *[!A-Za-z0-9._-]*) echo "DEPLOYMENT is not a valid name of a deployment" >&2; exit 1 ;; esac
# It goes behind the host of Resource Manager, with the token: unless it begins with a slash, it would be a part of that host.
case $RESOURCE_ID in *[[:space:]]* | *[\'\"\\?\#%@{}]* | *\[* | */..*) RESOURCE_ID='' ;; esac
case $RESOURCE_ID in /subscriptions/*) ;; *) echo "RESOURCE_ID is no id of a resource" >&2; exit 1 ;; esac

reply=$(mktemp)
claims=$(mktemp)
trap 'rm -f "$reply" "$claims"' EXIT

# Tokens reach curl by its standard input: arguments of a process can be read by all others.
# Leaves the body in $reply, prints the status; 000 where there was no reply.
request() {
  # Of an empty body curl writes nothing: what an earlier reply left must not be read for it.
  : >"$reply"
  curl --silent --show-error --proto '=https' --max-time 30 --output "$reply" --write-out '%{http_code}' "$@" || :
}

# What servers say must not become a command to the runner, or to the agent of Azure Pipelines. It is printed by printf: echo would read escapes in it.
quote_reply() {
  head -c 2000 "$reply" | tr -d '\r' | sed 's/##/# #/g; s/^/| /'
  printf '\n'
}

fail() {
  printf '%s%s\n' "$error" "$1"
  quote_reply
  exit 1
}

# Reads a token out of the property $1 of the reply, which is $2 in words, into $token, and masks it and each of its parts.
# Three parts of the alphabet of JWTs: anything else is no token, and would be no safe line of a command.
take_token() {
  token=$(jq --raw-output ".$1 | strings" "$reply" 2>/dev/null) || token=''
  case $token in *[!A-Za-z0-9._-]* | *.*.*.* | .* | *. | *..*) token='' ;; *.*.*) ;; *) token='' ;; esac
  # The reply is not shown: it may hold a secret all the same.
  [ -n "$token" ] || { printf '%s%s holds no token\n' "$error" "$2"; exit 1; }
  printf '%s%s\n' "$mask" "$token"
  printf '%s\n' "$token" | tr . '\n' | while IFS= read -r part; do printf '%s%s\n' "$mask" "$part"; done
}

if [ "$issuer" = GitHub ]; then
  status=$(printf 'Authorization: Bearer %s\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
    request --header @- "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api%3A%2F%2FAzureADTokenExchange")
  property=value
else
  # https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
  status=$(printf 'Authorization: Bearer %s\n' "$SYSTEM_ACCESSTOKEN" |
    request --header @- --header 'Content-Type: application/json' --data '' \
      "$SYSTEM_OIDCREQUESTURI?api-version=7.1-preview.1&serviceConnectionId=$SERVICE_CONNECTION_ID")
  property=oidcToken
fi
[ "$status" = 200 ] || fail "$issuer gave no OIDC token ($status)"
take_token "$property" "The reply of $issuer"
assertion=$token

# Exchanges the OIDC token for an access token to the audience $1, and leaves it in $token.
sign_in() {
  status=$(printf '%s' "$assertion" | request --data-urlencode client_assertion@- \
    --data grant_type=client_credentials --data "client_id=$CLIENT_ID" --data-urlencode "scope=$1/.default" \
    --data client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
    "$authority/$TENANT_ID/oauth2/v2.0/token")
  [ "$status" = 200 ] || fail "Entra did not accept the OIDC token ($status): compare the subject below with the federated credential"
  take_token access_token "Entra's reply"
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

# A completion has the assistant's words, or was cut short before the first of them. A page with status 200 is none.
is_completion() {
  [ "$(jq '
    .error == null and (.choices[0] | .finish_reason == "length" or (.message | .content // .refusal | strings | length > 0))
  ' "$reply" 2>/dev/null)" = true ]
}

# The object id of the service principal, out of the middle part of the token, into $principal.
read_principal() {
  payload=$(printf '%s' "$manager_token" | cut -d . -f 2 | tr '_-' '/+')
  while [ $((${#payload} % 4)) -ne 0 ]; do payload=$payload=; done
  printf '%s' "$payload" | base64 -d >"$claims" 2>/dev/null || :
  # It goes into a request, and into a command that people paste.
  principal=$(jq --raw-output '
    .oid | strings | select(test("\\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z"))
  ' "$claims" 2>/dev/null) || principal=''
  [ -n "$principal" ] || {
    printf '%sThe access token names no object id. Nothing was granted.\n' "$error"
    exit 1
  }
}

grant() {
  read_principal
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

# How old the role is, nobody has looked up: one answer would prove one replica.
waited=0 probes=0 in_a_row=0 needed=3 granted=no
while :; do
  status=$(call_model)
  probes=$((probes + 1))
  if [ "$status" = 200 ]; then
    is_completion || fail 'The reply is no completion'
    in_a_row=$((in_a_row + 1))
    [ "$in_a_row" -lt "$needed" ] || break
    # After a denial replicas disagree for a while: give the others time to show it.
    if [ "$granted" = yes ]; then pause=$((3 * in_a_row)); else pause=0; fi
  elif { [ "$status" = 401 ] || [ "$status" = 403 ]; } && grep -q '"PermissionDenied"' "$reply"; then
    # The face of a role that is missing, and of one that is not live yet.
    [ "$granted" = yes ] || grant
    in_a_row=0 granted=yes
    pause=$((1 + waited / 10))
  else
    case $status in
      000 | 408 | 429 | 5??) pause=$((5 + waited / 10)) ;;
      *) fail "The model refused the call ($status)" ;;
    esac
  fi
  [ "$pause" -le 30 ] || pause=30
  [ $((waited + pause)) -le "$limit" ] || fail "No access after $waited seconds and $probes calls (last status $status)"
  [ "$pause" -eq 0 ] || sleep "$pause"
  waited=$((waited + pause))
done
echo "$DEPLOYMENT answers without a key: $probes calls, $waited seconds"
