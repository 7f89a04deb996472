#!/bin/sh
# The core of Key-less Gate with a shell, curl and jq, for organisations that do not allow third-party actions. It signs in by
# OIDC and calls one deployment of one resource with chat completions. If the call is denied, it grants the role. It waits until
# the model answers three times in a row, each time on a new connection. If that does not happen, it fails the job.
#
# What it does not do: explain an error beyond the service's own words; call other APIs, or models that need other parameters;
# renew tokens, so a wait can last an hour at most; read the age of the role; check ENDPOINT, which gets a token: make sure that
# it belongs to the resource.
#
# It reads from the environment: CLIENT_ID, TENANT_ID, RESOURCE_ID, ENDPOINT (https://NAME.openai.azure.com) and DEPLOYMENT, and
# the variables that the runner gives to a job with `id-token: write`. In Azure Pipelines it reads RESOURCE_ID, ENDPOINT,
# DEPLOYMENT and SYSTEM_ACCESSTOKEN; the task AzureCLI@2 adds the ids of its service connection.
set -eu
for program in curl jq; do
  command -v "$program" >/dev/null || { echo "This script needs $program." >&2; exit 127; }
done
: "${CLIENT_ID:=${AZURESUBSCRIPTION_CLIENT_ID:-}}" "${TENANT_ID:=${AZURESUBSCRIPTION_TENANT_ID:-}}"
: "${CLIENT_ID:?}" "${TENANT_ID:?}" "${RESOURCE_ID:?}" "${ENDPOINT:?}" "${DEPLOYMENT:?}"
# GitHub and Azure Pipelines mask with different commands. With the wrong one, the secret would be printed.
if [ -n "${SYSTEM_OIDCREQUESTURI:-}" ]; then
  issuer='Azure DevOps' mask='##vso[task.setsecret]' error='##vso[task.logissue type=error]Key-less access: '
  : "${SERVICE_CONNECTION_ID:=${AZURESUBSCRIPTION_SERVICE_CONNECTION_ID:-}}"
  : "${SYSTEM_ACCESSTOKEN:?map it in the step: \$(System.AccessToken)}"
  # Azure DevOps issues a token only if a task of the same stage names the service connection.
  : "${SERVICE_CONNECTION_ID:?run this script in the task AzureCLI@2}"
else
  issuer=GitHub mask='::add-mask::' error='::error title=Key-less access::'
  : "${ACTIONS_ID_TOKEN_REQUEST_URL:?the job needs the permission id-token: write}" "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?}"
fi
authority=${AUTHORITY_HOST:-https://login.microsoftonline.com}
manager=${RESOURCE_MANAGER:-https://management.azure.com}
role=${ROLE_ID:-a97b65f3-24c7-4388-baec-2e87135dc908} # Cognitive Services User
limit=${TIMEOUT_SECONDS:-900}
case $DEPLOYMENT in *[!A-Za-z0-9._-]*) echo "DEPLOYMENT is not a valid deployment name" >&2; exit 1 ;; esac
# The id follows the host of Resource Manager in an address that gets a token. Without a slash first, it would change the host.
case $RESOURCE_ID in *[[:space:]]* | *[\'\"\\?\#%@{}]* | *\[* | */..*) RESOURCE_ID='' ;; esac
case $RESOURCE_ID in /subscriptions/*) ;; *) echo "RESOURCE_ID is not the id of a resource" >&2; exit 1 ;; esac

reply=$(mktemp)
claims=$(mktemp)
trap 'rm -f "$reply" "$claims"' EXIT

# Sends a request with curl. Writes the body to $reply and prints the status, or 000 if no reply came.
# Tokens go to curl by standard input, because every process can read the arguments of others.
request() {
  # For an empty body curl writes no file, and the body of the reply before would stay.
  : >"$reply"
  curl --silent --show-error --proto '=https' --max-time 30 --output "$reply" --write-out '%{http_code}' "$@" || :
}

# Prints the reply so that the runner, or the agent of Azure Pipelines, finds no command in it. printf, because echo may interpret
# escapes.
quote_reply() {
  head -c 2000 "$reply" | tr -d '\r' | sed 's/##/# #/g; s/^/| /'
  printf '\n'
}

fail() {
  printf '%s%s\n' "$error" "$1"
  quote_reply
  exit 1
}

# Reads the token in the property $1 of the reply into $token, and masks it and each of its parts. $2 names the reply in errors.
# A token has three parts of letters, digits, - and _. Anything else is refused: it could break the line of the mask command.
take_token() {
  token=$(jq --raw-output ".$1 | strings" "$reply" 2>/dev/null) || token=''
  case $token in *[!A-Za-z0-9._-]* | *.*.*.* | .* | *. | *..*) token='' ;; *.*.*) ;; *) token='' ;; esac
  # Does not print the reply, because it may still contain a secret.
  [ -n "$token" ] || { printf '%s%s contains no token\n' "$error" "$2"; exit 1; }
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

# Exchanges the OIDC token for an access token for the audience $1, in $token.
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

# Whether the reply is a completion: it has the assistant's words, or was cut off before the first one. A web page is not.
is_completion() {
  [ "$(jq '
    .error == null and (.choices[0] | .finish_reason == "length" or (.message | .content // .refusal | strings | length > 0))
  ' "$reply" 2>/dev/null)" = true ]
}

# Reads the object id of the service principal from the payload of the token into $principal.
read_principal() {
  payload=$(printf '%s' "$manager_token" | cut -d . -f 2 | tr '_-' '/+')
  while [ $((${#payload} % 4)) -ne 0 ]; do payload=$payload=; done
  printf '%s' "$payload" | base64 -d >"$claims" 2>/dev/null || :
  # Only a GUID is accepted, because it becomes part of a request and of a command that people paste.
  principal=$(jq --raw-output '
    .oid | strings | select(test("\\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z"))
  ' "$claims" 2>/dev/null) || principal=''
  [ -n "$principal" ] || {
    printf '%sThe access token contains no object id, so nothing was granted.\n' "$error"
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
      echo "Somebody who can assign roles can run: az role assignment create --assignee-object-id $principal --assignee-principal-type ServicePrincipal --role $role --scope '$RESOURCE_ID'"
      fail "The role was not granted ($status)"
      ;;
  esac
}

# Three answers, because this script does not know the age of the role: one answer proves only one replica.
waited=0 probes=0 in_a_row=0 needed=3 granted=no
while :; do
  status=$(call_model)
  probes=$((probes + 1))
  if [ "$status" = 200 ]; then
    is_completion || fail 'The reply is not a completion'
    in_a_row=$((in_a_row + 1))
    [ "$in_a_row" -lt "$needed" ] || break
    # After a denial some replicas may still deny: the pauses give them time to show it.
    if [ "$granted" = yes ]; then pause=$((3 * in_a_row)); else pause=0; fi
  elif { [ "$status" = 401 ] || [ "$status" = 403 ]; } && grep -q '"PermissionDenied"' "$reply"; then
    # A missing role and a role that is not live yet look the same.
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
