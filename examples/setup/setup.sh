#!/bin/sh
# Gives a pipeline on GitHub key-less access to a Foundry or Azure OpenAI resource that exists already: an identity, a
# federated credential for the repository, and the role on the resource itself. What is there already stays as it is, so
# it can be run again; nothing is switched off. Needs az, signed in as somebody who may create identities and assign roles
# at the resource. With a managed identity nothing is asked of Microsoft Graph.
#
# Much later, and as a step of its own, it switches the keys of the resource off: --disable-keys.
set -eu

# Cognitive Services User: every model of the resource
user=a97b65f3-24c7-4388-baec-2e87135dc908
# Cognitive Services OpenAI User: the OpenAI models only, and no right to list keys
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
  --repository O/R       repository on GitHub, in the very case in which GitHub writes it
  --identity NAME        user-assigned managed identity, in the group of the resource; created if there is none
  --application NAME     app registration instead; created if there is none (needs rights in the directory)
  --entity ENTITY        what of the repository may sign in: ref:refs/heads/main (default), environment:NAME, …
  --entity-pattern REF   refs that never come back, as those of a merge queue: ref:refs/heads/gh-readonly-queue/main/*
                         (a flexible credential, of an --application; * stands for any text, ? for one character)
  --repository-ids O/R   numeric ids of owner and repository: gh api repos/OWNER/REPO --jq '"\(.owner.id)/\(.id)"'
  --subject-form FORM    classic (default without --repository-ids), immutable (default with them), both
  --setup-identity NAME  managed identity that grants the role by itself, later, in the gate: the role is then left to it
  --app-principal ID     object id of an identity that runs what is deployed, for each one more: it gets the same role, here or,
                         with --setup-identity, in the gate (runtime-principals)
  --role GUID            role of the pipeline (default: the least that covers the deployments of the resource: Cognitive
                         Services OpenAI User if all are OpenAI's, else Cognitive Services User)
  --issuer URL           issuer of the OIDC tokens, for GitHub Enterprise
  --disable-keys         does one thing only: switches the keys of the resource off, for every caller
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
    *) usage >&2; fail "what is $1?" ;;
  esac
  shift 2
done

case $resource_id in
  /subscriptions/*/resourceGroups/*/providers/Microsoft.CognitiveServices/accounts/*/*) fail '--resource-id is that of a child: give that of the account' ;;
  /subscriptions/*/resourceGroups/*/providers/Microsoft.CognitiveServices/accounts/?*) ;;
  *) usage >&2; fail '--resource-id is not the id of a Microsoft.CognitiveServices/accounts resource' ;;
esac
# They go into JSON, into a filter of Microsoft Graph, and into commands to be pasted.
case $resource_id$entity$pattern$application$repository$issuer$role$apps in *[\"\'\\]*) fail 'quotes and backslashes are not taken' ;; esac

subscription=$(printf '%s' "$resource_id" | cut -d / -f 3)
group=$(printf '%s' "$resource_id" | cut -d / -f 5)
account=$(printf '%s' "$resource_id" | cut -d / -f 9)

if [ -n "$disable_keys" ]; then
  [ -z "$repository$identity$application$setup_identity$ids$form$role$entity$pattern$apps" ] ||
    fail '--disable-keys is a step of its own: give it with --resource-id, and nothing else'
  say "Switching the keys of $account off"
  az rest --method patch --url "$resource_id?api-version=2025-06-01" \
    --body '{"properties":{"disableLocalAuth":true}}' --output none
  cat <<RESULT
The keys of $account are off. Every gateway refuses them within minutes, sometimes hours.
If a caller stops working, this takes it back:

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

case $entity in *[*?]*) fail 'a * in a subject is a mere character: give --entity-pattern' ;; esac
if [ -n "$pattern" ]; then
  [ -z "$entity" ] || fail 'give --entity or --entity-pattern, not both'
  # Entra wants the repository's id in such a credential, and takes none for a managed identity.
  [ -n "$application" ] || fail '--entity-pattern is for --application: a managed identity cannot have a flexible credential'
  [ -z "$setup_identity" ] || fail '--entity-pattern is not for --setup-identity: a managed identity cannot have a flexible credential'
  [ -n "$ids" ] || fail '--entity-pattern needs --repository-ids OWNER_ID/REPO_ID'
  case $pattern in
    ref:refs/heads/?* | ref:refs/tags/?*) ;;
    *) fail '--entity-pattern leaves nothing open but the ref: ref:refs/heads/… or ref:refs/tags/…' ;;
  esac
  say "Warning: anyone who may push a ref that is like ${pattern#ref:} can sign in. Protect those refs, or trust an environment instead."
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
  *) fail '--subject-form is classic, immutable or both' ;;
esac

# One subject a line.
subjects() {
  [ "$form" = immutable ] || printf 'repo:%s:%s\n' "$repository" "$entity"
  [ "$form" = classic ] || printf 'repo:%s@%s/%s@%s:%s\n' \
    "${repository%/*}" "${ids%/*}" "${repository#*/}" "${ids#*/}" "$entity"
}

# Entra takes 3 to 120 letters, digits, - and _. The check sum keeps names apart that would otherwise be the same.
credential_name() {
  printf 'github-%s-%08x' "$(printf '%s' "$1" | sed 's/[^A-Za-z0-9][^A-Za-z0-9]*/-/g' | cut -c 1-100)" \
    "$(printf '%s %s' "$issuer" "$1" | cksum | cut -d ' ' -f 1)"
}

tab=$(printf '\t')

# Prints name, client id, object id and tenant id of the managed identity $1, which is created if there is none.
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

# For the managed identity $1: a credential for every subject that has none. One after another, as Azure wants it.
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

# Prints the client id of the app registration $1, which is created if there is none.
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

# Prints the object id of the service principal of the application $1, which is created if there is none.
service_principal() {
  found=$(az ad sp list --filter "appId eq '$1'" --query '[].[id]' --output tsv)
  [ -n "$found" ] || found=$(az ad sp create --id "$1" --query '[[id]]' --output tsv)
  printf '%s\n' "$found"
}

# For the application $1: a credential for every subject that has none. By the beta of Microsoft Graph: v1.0, which az ad app asks,
# does not know expressions, and breaks off in the middle of a list with one.
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

# Gives the principal $1 the role $2 on the resource; what follows are further options of az.
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
  # With the type of the principal nothing is looked up in the directory, which may not know a new one yet.
  az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
    --role "$wanted" --scope "$resource_id" --output none "$@"
}

# Warns where the setup identity has its role from before, under a condition that does not let it give one to the app $1.
check_delegation() {
  listed=$(az role assignment list --subscription "$subscription" --scope "$resource_id" \
    --fill-principal-name false --fill-role-definition-name false \
    --query '[?condition!=null].[id, principalId, condition]' --output tsv) || exit
  # A condition goes over several lines.
  stale=$(printf '%s\n' "$listed" | awk -F '\t' -v principal="$setup_principal_id" -v app="$1" '
    NF > 1 { own = tolower($2) == tolower(principal); if (own) id = $1 }
    own && index(tolower($0), tolower(app)) { named = 1 }
    END { if (!named) print id }')
  [ -z "$stale" ] || say "Warning: $setup_identity has its role from before, and may not give one to $1. To have the condition written anew,
take the role away, and run this again:
  az role assignment delete --ids $stale --output none"
}

# Warns of what a call by token needs and the resource seems to lack. What az may not read is no reason to stop.
check_resource() {
  if subdomain=$(az cognitiveservices account show --subscription "$subscription" --resource-group "$group" \
    --name "$account" --query '[[properties.customSubDomainName]]' --output tsv); then
    case $subdomain in
      '' | None) say "Warning: $account has no custom subdomain, and refuses tokens without one. It cannot be changed once it is set:
  az cognitiveservices account update --subscription $subscription --resource-group $group --name $account --custom-domain NAME" ;;
    esac
  else
    say "Warning: whether $account has a custom subdomain could not be read. Without one it refuses tokens."
  fi
  if formats=$(az cognitiveservices account deployment list --subscription "$subscription" --resource-group "$group" \
    --name "$account" --query '[].[properties.model.format]' --output tsv); then
    [ -n "$formats" ] || say "Warning: no model is deployed on $account yet. The gate needs one that it can call."
  else
    formats=''
    say "Warning: the deployments of $account could not be read. Give --role, if Cognitive Services User is too much."
  fi
}

# Prints the least role that covers deployments of the formats $1, one a line; where there are none, the one that covers all.
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
  # It may give this one role to the pipeline and to the apps, and take it from the pipeline again: not to itself, nor to anybody else.
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
Variables for the workflow; none of them is a secret:

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
          # deployments: those that the deploy calls, one a line; without this the gate chooses one, and warns
          role: $role${role_name:+ # $role_name}
          grant: $([ -n "$setup_identity" ] && echo auto || echo never)

The keys of $account are as they were. To retire them, once the gate is green and nobody uses one:
https://github.com/OWNER/key-less-gate/blob/v1/docs/retiring-the-keys.md
RESULT
