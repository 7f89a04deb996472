#!/bin/sh
# Gives a pipeline on GitHub key-less access to an existing Foundry or Azure OpenAI resource. It creates an identity, a
# federated credential for the repository, and a role assignment on the resource itself. It leaves everything that exists
# as it is, so you can run it again. It switches nothing off.
#
# It needs az, signed in as somebody who can create identities and assign roles on the resource. With a managed identity it
# does not call Microsoft Graph.
#
# --disable-keys is a separate step, for later: it switches the keys of the resource off, and does nothing else.
set -eu

# Cognitive Services User: calls every model of the resource
user=a97b65f3-24c7-4388-baec-2e87135dc908
# Cognitive Services OpenAI User: calls OpenAI models only, and cannot list keys
openai_user=5e0bd9bd-7b93-4f28-af87-19fc36ad61bd
# Role Based Access Control Administrator
access_administrator=f58310d9-a9f6-439a-9e8d-f62e7b41a168
issuer=https://token.actions.githubusercontent.com
audience=api://AzureADTokenExchange
entity='' pattern=''
resource_id='' repository='' ids='' form='' identity='' application='' setup_identity='' role='' apps='' disable_keys=''

usage() {
  cat <<'USAGE'
Usage: setup.sh --resource-id ID --repository OWNER/REPO (--identity NAME | --application NAME) [options]
       setup.sh --resource-id ID --disable-keys

  --resource-id ID       ARM id of the Microsoft.CognitiveServices/accounts resource
  --repository O/R       repository on GitHub; upper and lower case as GitHub writes them
  --identity NAME        user-assigned managed identity in the resource group of the resource; created if it does not exist
  --application NAME     app registration instead; created if it does not exist (needs rights in the directory)
  --entity ENTITY        which jobs of the repository can sign in: ref:refs/heads/main (default), environment:NAME,
                         pull_request or ref:refs/tags/NAME
  --entity-pattern REF   refs that change with every run, such as those of a merge queue:
                         ref:refs/heads/gh-readonly-queue/main/* (* stands for any text, ? for one character). Makes a
                         flexible credential, which only an --application can have
  --repository-ids O/R   numeric ids of owner and repository: gh api repos/OWNER/REPO --jq '"\(.owner.id)/\(.id)"'
  --subject-form FORM    classic (default without --repository-ids), immutable (default with them), or both
  --setup-identity NAME  second managed identity, which grants the role later, in the gate; this script then does not grant it
  --app-principal ID     object id of the identity that your deployed app runs as; repeat it for more. It gets the same role:
                         from this script, or with --setup-identity from the gate (runtime-principals)
  --role GUID            role of the pipeline. Default: the least that covers the deployments of the resource: Cognitive
                         Services OpenAI User if all are OpenAI models, otherwise Cognitive Services User
  --issuer URL           issuer of the OIDC tokens, for GitHub Enterprise
  --disable-keys         switches the keys of the resource off, for every caller, and does nothing else
USAGE
}

fail() {
  printf 'setup.sh: %s\n' "$1" >&2
  exit 1
}

say() { printf '%s\n' "$1" >&2; }

while [ $# -gt 0 ]; do
  case $1 in
    --disable-keys) disable_keys=yes; shift; continue ;;
    --help) usage; exit 0 ;;
    --*) [ $# -ge 2 ] || fail "$1 needs a value" ;;
  esac
  case $1 in
    --resource-id) resource_id=$2 ;;
    --repository) repository=$2 ;;
    --repository-ids) ids=$2 ;;
    --entity) entity=$2 ;;
    --entity-pattern) pattern=$2 ;;
    --subject-form) form=$2 ;;
    --identity) identity=$2 ;;
    --application) application=$2 ;;
    --setup-identity) setup_identity=$2 ;;
    --app-principal) apps="$apps $2" ;;
    --role) role=$2 ;;
    --issuer) issuer=$2 ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
  shift 2
done

case $resource_id in
  /subscriptions/*/resourceGroups/*/providers/Microsoft.CognitiveServices/accounts/*/*) fail '--resource-id is the id of something in the account, such as a project: give the id of the account' ;;
  /subscriptions/*/resourceGroups/*/providers/Microsoft.CognitiveServices/accounts/?*) ;;
  *) usage >&2; fail '--resource-id is not the id of a Microsoft.CognitiveServices/accounts resource' ;;
esac
# These values become part of JSON, of a Microsoft Graph filter, and of commands that people paste.
case $resource_id$entity$pattern$application$repository$issuer$role$apps in *[\"\'\\]*) fail 'no value may contain a quote or a backslash' ;; esac

subscription=$(printf '%s' "$resource_id" | cut -d / -f 3)
group=$(printf '%s' "$resource_id" | cut -d / -f 5)
account=$(printf '%s' "$resource_id" | cut -d / -f 9)

if [ -n "$disable_keys" ]; then
  [ -z "$repository$identity$application$setup_identity$ids$form$role$entity$pattern$apps" ] ||
    fail '--disable-keys is a separate step: give only --resource-id with it'
  say "Switching the keys of $account off"
  az rest --method patch --url "$resource_id?api-version=2025-06-01" \
    --body '{"properties":{"disableLocalAuth":true}}' --output none
  cat <<RESULT
The keys of $account are off. It takes minutes, sometimes hours, until every server of Azure refuses them.
If a caller stops working, this command switches them on again:

  az rest --method patch --url '$resource_id?api-version=2025-06-01' --body '{"properties":{"disableLocalAuth":false}}' --output none
RESULT
  exit 0
fi

case $repository in
  */*/* | /* | */) fail '--repository is not of the form OWNER/REPO' ;;
  */*) ;;
  *) usage >&2; fail '--repository is not of the form OWNER/REPO' ;;
esac
[ -n "$identity$application" ] || fail 'give --identity or --application'
[ -z "$identity" ] || [ -z "$application" ] || fail 'give --identity or --application, not both'

for app in $apps; do
  case $app in
    ????????-????-????-????-????????????) ;;
    *) fail '--app-principal is not the object id of an identity: az identity show --query principalId prints it' ;;
  esac
done

case $entity in *[*?]*) fail '--entity takes no * or ?: in a subject they stand for themselves. Use --entity-pattern' ;; esac
if [ -n "$pattern" ]; then
  [ -z "$entity" ] || fail 'give --entity or --entity-pattern, not both'
  # Entra requires the id of the repository in a flexible credential, and a managed identity cannot have one.
  [ -n "$application" ] || fail '--entity-pattern is for --application: a managed identity cannot have a flexible credential'
  [ -z "$setup_identity" ] || fail '--entity-pattern is not for --setup-identity: a managed identity cannot have a flexible credential'
  [ -n "$ids" ] || fail '--entity-pattern needs --repository-ids OWNER_ID/REPO_ID'
  case $pattern in
    ref:refs/heads/?* | ref:refs/tags/?*) ;;
    *) fail '--entity-pattern must begin with ref:refs/heads/ or ref:refs/tags/: only the ref can be a pattern' ;;
  esac
  say "Warning: anyone who can push a ref that matches ${pattern#ref:} can sign in. Protect those refs, or trust an environment instead."
fi
: "${entity:=${pattern:-ref:refs/heads/main}}"

: "${form:=$([ -n "$ids" ] && echo immutable || echo classic)}"
case $form in
  classic) ;;
  immutable | both)
    case $ids in
      *[!0-9/]* | */*/* | /* | */) ids='' ;;
      */*) ;;
      *) ids='' ;;
    esac
    [ -n "$ids" ] || fail "--subject-form $form needs --repository-ids OWNER_ID/REPO_ID"
    ;;
  *) fail '--subject-form must be classic, immutable or both' ;;
esac

# Prints the subjects, one per line.
subjects() {
  [ "$form" = immutable ] || printf 'repo:%s:%s\n' "$repository" "$entity"
  [ "$form" = classic ] || printf 'repo:%s@%s/%s@%s:%s\n' \
    "${repository%/*}" "${ids%/*}" "${repository#*/}" "${ids#*/}" "$entity"
}

# Prints a name for the credential of the subject $1. Entra allows 3 to 120 letters, digits, - and _. The checksum makes names
# differ that would otherwise be the same.
credential_name() {
  printf 'github-%s-%08x' "$(printf '%s' "$1" | sed 's/[^A-Za-z0-9][^A-Za-z0-9]*/-/g' | cut -c 1-100)" \
    "$(printf '%s %s' "$issuer" "$1" | cksum | cut -d ' ' -f 1)"
}

tab=$(printf '\t')

# Prints name, client id, object id and tenant id of the managed identity $1. Creates it if it does not exist.
managed_identity() {
  listed=$(az identity list --subscription "$subscription" --resource-group "$group" \
    --query '[].[name, clientId, principalId, tenantId]' --output tsv) || exit
  found=$(printf '%s\n' "$listed" | awk -F '\t' -v name="$1" 'tolower($1) == tolower(name)')
  if [ -z "$found" ]; then
    say "Creating the managed identity $1"
    found=$(az identity create --subscription "$subscription" --resource-group "$group" --name "$1" \
      --query '[[name, clientId, principalId, tenantId]]' --output tsv)
  fi
  printf '%s\n' "$found"
}

# Gives the managed identity $1 a credential for every subject that has none. One after another: Azure refuses parallel writes.
trust_identity() {
  trusted=$(az identity federated-credential list --subscription "$subscription" --resource-group "$group" \
    --identity-name "$1" --query '[].[issuer, subject]' --output tsv)
  subjects | while IFS= read -r subject; do
    printf '%s\n' "$trusted" | grep -Fqx "$issuer$tab$subject" && continue
    say "Trusting $subject"
    az identity federated-credential create --subscription "$subscription" --resource-group "$group" \
      --identity-name "$1" --name "$(credential_name "$subject")" --issuer "$issuer" --audiences "$audience" \
      --subject "$subject" --output none </dev/null
  done
}

# Prints the client id of the app registration $1. Creates it if it does not exist.
app_registration() {
  found=$(az ad app list --filter "displayName eq '$1'" --query '[].[appId]' --output tsv)
  case $found in
    *"
"*) fail "there are several app registrations named $1" ;;
    '')
      say "Creating the app registration $1"
      found=$(az ad app create --display-name "$1" --sign-in-audience AzureADMyOrg \
        --query '[[appId]]' --output tsv)
      ;;
  esac
  printf '%s\n' "$found"
}

# Prints the object id of the service principal of the application $1. Creates it if it does not exist.
service_principal() {
  found=$(az ad sp list --filter "appId eq '$1'" --query '[].[id]' --output tsv)
  [ -n "$found" ] || found=$(az ad sp create --id "$1" --query '[[id]]' --output tsv)
  printf '%s\n' "$found"
}

# Gives the application $1 a credential for every subject that has none. It uses the beta of Microsoft Graph, because v1.0, which
# az ad app uses, fails when it lists an application that has a flexible credential.
trust_application() {
  graph=$(az cloud show --query '[[endpoints.microsoftGraphResourceId]]' --output tsv)
  credentials="${graph%/}/beta/applications(appId='$1')/federatedIdentityCredentials"
  trusted=$(az rest --method get --url "$credentials" \
    --query 'value[].[issuer, subject, claimsMatchingExpression.value]' --output tsv)
  subjects | while IFS= read -r subject; do
    if [ -n "$pattern" ]; then
      trust="claims['sub'] matches '$subject' and claims['repository_id'] eq '${ids#*/}'"
      printf '%s\n' "$trusted" | grep -Fqx "$issuer${tab}None$tab$trust" && continue
      term=$(printf '"claimsMatchingExpression":{"value":"%s","languageVersion":1}' "$trust")
    else
      trust=$subject
      printf '%s\n' "$trusted" | grep -Fqx "$issuer$tab$trust${tab}None" && continue
      term=$(printf '"subject":"%s"' "$trust")
    fi
    say "Trusting $trust"
    az rest --method post --url "$credentials" --headers Content-Type=application/json --output none --body "$(
      printf '{"name":"%s","issuer":"%s","audiences":["%s"],%s}' "$(credential_name "$subject")" "$issuer" "$audience" "$term"
    )" </dev/null
  done
}

# Gives the principal $1 the role $2 on the resource. Further arguments are passed to az.
grant() {
  principal=$1 wanted=$2
  shift 2
  listed=$(az role assignment list --subscription "$subscription" --scope "$resource_id" \
    --fill-principal-name false --fill-role-definition-name false \
    --query '[].[principalId, roleDefinitionId]' --output tsv) || exit
  held=$(printf '%s\n' "$listed" | awk -F '\t' -v principal="$principal" -v role="/$wanted" \
    'tolower($1) == tolower(principal) && index(tolower($2) "\n", tolower(role) "\n")')
  [ -z "$held" ] || return 0
  say "Granting $wanted to $principal"
  # With the type given, az does not look the principal up in the directory, which may not know a new one yet.
  az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
    --role "$wanted" --scope "$resource_id" --output none "$@"
}

# Warns if the setup identity already has its role, under a condition that does not let it grant a role to the app $1.
check_delegation() {
  listed=$(az role assignment list --subscription "$subscription" --scope "$resource_id" \
    --fill-principal-name false --fill-role-definition-name false \
    --query '[?condition!=null].[id, principalId, condition]' --output tsv) || exit
  # A condition spans several lines.
  stale=$(printf '%s\n' "$listed" | awk -F '\t' -v principal="$setup_principal_id" -v app="$1" '
    NF > 1 { own = tolower($2) == tolower(principal); if (own) id = $1 }
    own && index(tolower($0), tolower(app)) { named = 1 }
    END { if (!named) print id }')
  [ -z "$stale" ] || say "Warning: $setup_identity already has a role whose condition does not name $1, so it cannot grant a role to it.
Remove that role assignment, and run this script again, which makes one with the right condition:
  az role assignment delete --ids $stale --output none"
}

# Warns if the resource lacks what a call with a token needs. If az cannot read it, that is no reason to stop.
check_resource() {
  if subdomain=$(az cognitiveservices account show --subscription "$subscription" --resource-group "$group" \
    --name "$account" --query '[[properties.customSubDomainName]]' --output tsv); then
    case $subdomain in
      '' | None) say "Warning: $account has no custom subdomain, so it refuses tokens. This sets one; you cannot change it later:
  az cognitiveservices account update --subscription $subscription --resource-group $group --name $account --custom-domain NAME" ;;
    esac
  else
    say "Warning: cannot read whether $account has a custom subdomain. Without one it refuses tokens."
  fi
  if formats=$(az cognitiveservices account deployment list --subscription "$subscription" --resource-group "$group" \
    --name "$account" --query '[].[properties.model.format]' --output tsv); then
    [ -n "$formats" ] || say "Warning: $account has no deployed model yet. The gate needs one to call."
  else
    formats=''
    say "Warning: cannot read the deployments of $account. Without --role the role is Cognitive Services User, which covers every model."
  fi
}

# Prints the least role that covers deployments of the formats $1, one per line. If there are none, the role that covers all.
least_role() {
  if [ -n "$1" ] && ! printf '%s\n' "$1" | grep -qvx OpenAI; then
    printf '%s' "$openai_user"
  else
    printf '%s' "$user"
  fi
}

check_resource
: "${role:=$(least_role "$formats")}"

if [ -n "$identity" ]; then
  described=$(managed_identity "$identity")
  client_id=$(printf '%s' "$described" | cut -f 2)
  principal_id=$(printf '%s' "$described" | cut -f 3)
  tenant_id=$(printf '%s' "$described" | cut -f 4)
  trust_identity "$identity"
else
  tenant_id=$(az account show --subscription "$subscription" --query '[[tenantId]]' --output tsv)
  client_id=$(app_registration "$application")
  principal_id=$(service_principal "$client_id")
  trust_application "$client_id"
fi

if [ -z "$setup_identity" ]; then
  for holder in $principal_id $apps; do grant "$holder" "$role"; done
else
  described=$(managed_identity "$setup_identity")
  setup_client_id=$(printf '%s' "$described" | cut -f 2)
  setup_principal_id=$(printf '%s' "$described" | cut -f 3)
  trust_identity "$setup_identity"
  # It can give this one role to the pipeline and to the apps, and can remove it from the pipeline. It can grant nothing to itself.
  role_takers=$principal_id
  for app in $apps; do role_takers="$role_takers, $app"; done
  condition="(
  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
  OR
  (
    @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {$role}
    AND
    @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {$role_takers}
  )
)
AND
(
  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
  OR
  (
    @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {$role}
    AND
    @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {$principal_id}
  )
)"
  grant "$setup_principal_id" "$access_administrator" --condition "$condition" --condition-version 2.0
  for app in $apps; do check_delegation "$app"; done
fi

case $role in
  "$user") role_name='Cognitive Services User' ;;
  "$openai_user") role_name='Cognitive Services OpenAI User' ;;
  *) role_name='' ;;
esac
case $entity in
  environment:*) environment=${entity#environment:} ;;
  *) environment='' ;;
esac
environment_path="repos/$repository/environments/$(printf '%s' "$environment" | sed 's/%/%25/g; s/ /%20/g; s,/,%2F,g; s/#/%23/g; s/?/%3F/g')"
set_variable() { printf '  gh variable set %s --repo %s%s --body %s\n' "$1" "$repository" "${environment:+ --env '$environment'}" "$2"; }

cat <<RESULT
Variables for the workflow. None of them is a secret:

${environment:+  gh api '$environment_path' --silent 2>&1 | grep -q 'HTTP 404' && gh api --method PUT '$environment_path' --silent
}$(set_variable AZURE_CLIENT_ID "$client_id")
$(set_variable AZURE_TENANT_ID "$tenant_id")
$(set_variable AZURE_SUBSCRIPTION_ID "$subscription")${setup_identity:+
$(set_variable AZURE_SETUP_CLIENT_ID "$setup_client_id")}

Job of the workflow:

jobs:
  gate:
    runs-on: ubuntu-latest
${environment:+    environment: '$environment'
}    permissions:
      contents: read
      id-token: write
    steps:
      - uses: OWNER/key-less-gate@v1
        with:
          client-id: \${{ vars.AZURE_CLIENT_ID }}
          tenant-id: \${{ vars.AZURE_TENANT_ID }}
          ${setup_identity:+setup-client-id: \${{ vars.AZURE_SETUP_CLIENT_ID \}\}
          }resource-id: $resource_id
          # deployments: those that your deploy calls, one per line. Without it the gate chooses one, and warns.
          role: $role${role_name:+ # $role_name}
          grant: $([ -n "$setup_identity" ] && echo auto || echo never)

The keys of $account are unchanged. When the gate is green and nobody uses a key any more, you can retire them:
https://github.com/OWNER/key-less-gate/blob/v1/docs/retiring-the-keys.md
RESULT
