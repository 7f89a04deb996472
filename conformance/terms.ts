import type { Audiences } from './cloud.ts'

/** Words that worlds and exchanges share. */

/** A kind of deployment, or something else that not every resource or identity has. */
export type Need =
  | DeploymentKind
  | 'project'
  | 'may-assign-roles'
  | 'may-infer'
  | 'may-list-keys'
  | 'graph'
  | 'keys-on'
  | 'keys-off'
  | 'setup-identity'
  | 'denied-resource'
  | 'may-deny'
  // What no exchange needs, and what decides on many answers.
  | 'key-access-unset'
  | 'account-identity'
  | 'project-identity'
  | 'reads-group'
  | FaultyIdentity

export type DeploymentKind = 'chat' | 'embeddings' | 'messages' | 'model-inference'

/** An application that trusts the run's workflow but for one thing, by what is wrong with it. */
export type FaultyIdentity = (typeof faultyIdentities)[number]

export const faultyIdentities = [
  'no-credential',
  'other-subject',
  'other-case',
  'other-issuer',
  'other-audience',
  'other-expression',
  'no-service-principal',
] as const

/** What an access token is for; `setup` is one for Resource Manager as well, of the second identity. */
export type TokenAudience = keyof Audiences | 'setup'

/** What role and deny assignments of the run say of themselves, so that one that outlives it is known again. */
export const madeHere = 'Made by the conformance run of Key-less Gate, and taken back by it'

/** The id of no tenant, application, principal, role or subscription. */
export const nobody = '6f0a3c52-9d1e-4b87-a24c-5e83f7d0b196'
