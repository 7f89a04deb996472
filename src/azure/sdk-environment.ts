/**
 * Variables by which anyone who sets the job's environment would change what the SDKs print, whom they ask or where they sign in, as
 * their sources read them. They are taken out of the action's own process before any SDK is loaded: some are read when a module is
 * evaluated, some at each sign-in. Proxies, certificate authorities and what inputs fall back to are none of these.
 */
export const sdkVariables = [
  // @azure/identity, at each sign-in: the authority, its regional endpoint, and whether a tenant may be named.
  'AZURE_AUTHORITY_HOST',
  'AZURE_REGIONAL_AUTHORITY_NAME',
  'AZURE_IDENTITY_DISABLE_MULTITENANTAUTH',
  // @azure/msal-node, at each sign-in: the region to sign in at, and the region that it runs in.
  'MSAL_FORCE_REGION',
  'REGION_NAME',
  // @azure/logger and @typespec/ts-http-runtime, when evaluated: requests and replies are printed, headers as they came.
  'AZURE_LOG_LEVEL',
  'TYPESPEC_RUNTIME_LOG_LEVEL',
  // debug, and a copy of it in @typespec/ts-http-runtime, when evaluated: the same.
  'DEBUG',
  // semver and tunnel, when evaluated. Node itself has read it by then: see `silenceStandardError`.
  'NODE_DEBUG',
  // @actions/http-client, at each request: a part of the User-Agent.
  'ACTIONS_ORCHESTRATION_ID',
] as const

export function removeSdkVariables(env: Record<string, string | undefined>): void {
  for (const name of sdkVariables) delete env[name]
}
