export const USAGE = `Usage: key-less-cloud [options] [-- COMMAND [ARGUMENTS]]
       key-less-cloud init [FILE]
       key-less-cloud wait [FILE] [--timeout S]

Starts GitHub's OIDC issuer, Entra ID, Azure Resource Manager and the Foundry data plane on 127.0.0.1,
prints what a program needs in order to use them, and runs until it is interrupted. With a command it prints
nothing, runs that in this environment, and ends with it.

  --port N                    first of a run of consecutive ports (default: whatever is free)
  --seed FILE                 JSON or YAML of the world to start with (default: one resource, one pipeline)
  --granted                   the pipeline may call models from the start (default: it has to get the role first)
  --propagation S[,S...]      seconds until a role assignment is seen, one number a replica (default: 0)
  --key-access-lag S[,S...]   seconds until a change of disableLocalAuth reaches the data plane, likewise (default: 0)
  --replicas-by connection|request
                              what a replica is chosen for, where there are several: every request, or every new
                              connection, whose requests then all go to it, as behind a load balancer (default: request)
  --provisioning S            seconds for which a new account or deployment is not ready yet, so that clients poll (default: 0)
  --throttling                limit requests to Resource Manager as Azure does (default: no limit)
  --instance-discovery        set HTTPS_PROXY to a proxy that answers instead of login.microsoftonline.com, and leads everywhere
                              else as before: the SDKs of Go, Java and .NET ask there whether they may trust an authority
                              (default: programs have to switch that off by an option of the credential)
  --format FORMAT             shell: export lines; github: lines for $GITHUB_ENV; json: one object; dotenv (default: shell)
  --help                      this text

init writes the default world as a seed to begin with, to local-cloud.yaml or FILE (.json or .yaml).
wait returns once the cloud answers whose variables go to FILE, or are in the environment; it gives up after 60 seconds.

The variables go to stdout, in one piece, once everything listens; what is for people goes to stderr:

  key-less-cloud > cloud.env & key-less-cloud wait cloud.env && . ./cloud.env

NODE_EXTRA_CA_CERTS is the certificate authority's file; REQUESTS_CA_BUNDLE and SSL_CERT_FILE hold the system's as well.
AZURE_CLIENT_ID is the first application of the seed, LOCAL_CLOUD_RESOURCE_ID its first account; LOCAL_CLOUD_ENDPOINT is the
host that serves all of its APIs (services.ai.azure.com in Azure), AZURE_OPENAI_ENDPOINT that of openai.azure.com.
LOCAL_CLOUD_PROBE_URL is a route of the first app (\`app\` of a resource) that makes a model call as its identity.

A seed has these fields; seed.schema.json describes what is in each:

  tenants, subscriptions, resourceGroups     where everything is
  applications, users, groups                who there is: credentials, members; groups may be in groups
  accounts, deletedAccounts                  key access, network, deployments, projects; what can be restored
  gateways                                   what stands in front of an account: paths, keys, tokens, limits
  resources, models                          apps with identities, and whatever else roles are assigned at; models with dates
  roleAssignments, roleDefinitions           who may do what: conditions, custom roles
  denyAssignments, locks, policyAssignments  what is in the way of those who may
  workflow                                   the run whose tokens GitHub's issuer signs

Clients of Resource Manager change all that at run time, as in Azure. The control endpoint moves the clock, plays faults,
tells what happened, and takes another seed with the same accounts and gateways.
`
