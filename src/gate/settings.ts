import type { Cloud } from '../azure/clouds.ts'
import type { PrincipalReference } from '../azure/principal-reference.ts'
import type { RoleChoice } from '../azure/rbac/built-in-roles.ts'
import type { Principal } from '../azure/rbac/principal.ts'
import type { ResourceId } from '../azure/resource-id.ts'
import type { AppProbe } from '../services/app/probe.ts'
import type { IdentitySettings } from '../services/entra/run-identities.ts'
import type { Api } from '../services/inference/apis/choices.ts'
import type { DeploymentRequest } from '../services/inference/select-deployments.ts'

/** All inputs of a run, validated. `inputs/` reads them. Times are milliseconds. */
export interface Settings {
  identity: IdentitySettings
  target: Target
  /** What else the address in `endpoint` named. */
  ofEndpoint: { deployment: string | undefined; apiVersion: string | undefined }
  /** Empty: the gate chooses one chat deployment of the resource. */
  deployments: readonly DeploymentRequest[]
  access: {
    role: RoleChoice
    grant: Grant
    /** Who the role is for; undefined: the pipeline's own service principal. */
    grantee: Principal | undefined
    /** Whether the post step removes what this run granted. */
    revoke: boolean
    /** What else the pipeline does there. */
    also: readonly AlsoRequest[]
  }
  /** The identities that the deployed apps run as. */
  production: {
    principals: readonly RuntimePrincipalRequest[]
    unknown: RuntimeUnknownPolicy
    /** Undefined: no app is probed. */
    probe: AppProbe | undefined
  }
  keys: { access: KeyAccessPolicy; retired: string | undefined }
  models: {
    /** A model that retires within so many days fails the gate; undefined: none does. */
    daysLeft: number | undefined
  }
  waiting: { propagationTimeoutMs: number; consecutiveSuccesses: number; requestTimeoutMs: number }
  smoke: {
    api: Api | 'auto'
    /** Undefined: the default of each route. */
    apiVersion: string | undefined
    /** Of the token for a gateway; undefined: an Azure inference token, by route. */
    tokenAudience: string | undefined
    prompt: string
    maxOutputTokens: number
    expect: RegExp | undefined
  }
  /** Findings of this severity and above fail the gate; undefined: none does. */
  failOn: Severity | undefined
  /** Whether later steps get the ids and the endpoint as variables. */
  exportEnvironment: boolean
  cloud: Cloud
  report: {
    summary: boolean
    /** As the user gave it; undefined: the step's own path. */
    path: string | undefined
    githubToken: string | undefined
  }
}

export type Target =
  | FoundTarget
  /** The gate finds the resource by the host of the endpoint, among the accounts of the subscription. */
  | {
      kind: 'search'
      endpoint: string
      subscriptionId: string
      /** Names of inputs that need the resource. */
      neededBy: readonly string[]
    }

export type FoundTarget =
  | {
      kind: 'resource'
      resource: ResourceId
      endpoint: string | undefined
      /** Found by its host, not named by the inputs. */
      isFound?: true
    }
  /** The gate only makes the smoke call. */
  | {
      kind: 'endpoint'
      endpoint: string
      /** Why no resource was found, if the gate searched for one; absent: Resource Manager is not asked. */
      unfound?: Unfound
    }

interface Unfound {
  reason: 'none' | 'several' | 'forbidden'
  subscriptionId: string
  message: string
}

/** That the inputs name; undefined if they name only an endpoint. */
export function subscriptionOf(target: Target): string | undefined {
  switch (target.kind) {
    case 'resource':
      return target.resource.subscriptionId
    case 'search':
      return target.subscriptionId
    case 'endpoint':
      return target.unfound?.subscriptionId
  }
}

export const grants = ['auto', 'never', 'plan'] as const
type Grant = (typeof grants)[number]

export const keyAccessPolicies = ['ignore', 'warn', 'forbid'] as const
type KeyAccessPolicy = (typeof keyAccessPolicies)[number]

/** A line of `also`. */
export interface AlsoRequest {
  /** The text of the line. */
  name: string
  dataActions: readonly string[]
}

/** A line of `runtime-principals`. */
export interface RuntimePrincipalRequest {
  /** The id in the line. */
  id: string
  reference: PrincipalReference
  /** Empty: those that the pipeline calls. */
  deployments: readonly string[]
  /** Undefined: the role in `role`. */
  role: RoleChoice | undefined
}

export const runtimeUnknownPolicies = ['fail', 'warn'] as const
type RuntimeUnknownPolicy = (typeof runtimeUnknownPolicies)[number]

/**
 * Severities of findings, most severe first. `high`: access is not key-less. `medium`: more rights than the calls need, or
 * something that does not do what it is for. `low`: worth knowing.
 */
export const severities = ['high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]
