/**
 * Variables that change what the SDKs print, whom they call or where they sign in, according to the sources of the SDKs. Anyone
 * who controls the job's environment could set them, so the action removes them from its process before it loads an SDK: some
 * are read when a module is evaluated, some at each sign-in. Variables for proxies, certificate authorities and inputs stay.
 */
export const sdkVariables = [
  // @azure/identity, at each sign-in: the authority, its regional endpoint, and whether a tenant may be named.
  'AZURE_AUTHORITY_HOST',
  'AZURE_REGIONAL_AUTHORITY_NAME',
  'AZURE_IDENTITY_DISABLE_MULTITENANTAUTH',
  // @azure/msal-node, at each sign-in: the region to sign in at, and its own region.
  'MSAL_FORCE_REGION',
  'REGION_NAME',
  // @azure/logger and @typespec/ts-http-runtime, when evaluated: they print requests and replies, with unmasked headers.
  'AZURE_LOG_LEVEL',
  'TYPESPEC_RUNTIME_LOG_LEVEL',
  // debug, and a copy of it in @typespec/ts-http-runtime, when evaluated: the same.
  'DEBUG',
  // semver and tunnel, when evaluated. Node has read it before this code runs: see `silenceStandardError`.
  'NODE_DEBUG',
  // @actions/http-client, at each request: a part of the User-Agent.
  'ACTIONS_ORCHESTRATION_ID',
] as const

export function removeSdkVariables(env: Record<string, string | undefined>): void {
  for (const name of sdkVariables) delete env[name]
}
