import type { Audiences } from './cloud.ts'

/** Terms that worlds and exchanges share. */

/** A kind of deployment, or another ability that not every resource or identity has. */
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
  | 'expired-assertion'
  // No exchange needs these, but they affect many answers.
  | 'key-access-unset'
  | 'account-identity'
  | 'project-identity'
  | 'reads-group'
  | 'reads-subscription'
  | 'reads-applications'
  | FaultyIdentity

/** Kinds of model that are billed per item, such as an image. The run calls one only if a person has named it. */
export const kindsPerItem = [
  'images',
  'flux',
  'mai-image',
  'speech',
  'transcriptions',
  'rerank',
  'ocr',
] as const

export const deploymentKinds = [
  ...(['chat', 'embeddings', 'messages', 'model-inference', 'completions', 'realtime'] as const),
  ...kindsPerItem,
] as const

export type DeploymentKind = (typeof deploymentKinds)[number]

/** Applications whose trust in the run's workflow has one mistake, named by the mistake. */
export type FaultyIdentity = (typeof faultyIdentities)[number]

export const faultyIdentities = [
  'no-credential',
  'other-subject',
  'other-case',
  'other-issuer',
  'other-audience',
  'other-expression',
  'no-service-principal',
  'disabled',
] as const

/** The purpose of an access token; `setup` is the second identity's token for Resource Manager. */
export type TokenAudience = keyof Audiences | 'setup'

/** The description of role and deny assignments that the run makes, so that a later run recognises leftovers. */
export const madeHere = 'Made by the conformance run of Key-less Gate, and taken back by it'

/** An id that no tenant, application, principal, role or subscription has. */
export const nobody = '6f0a3c52-9d1e-4b87-a24c-5e83f7d0b196'
