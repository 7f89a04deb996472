import { type Api, kinds } from '../model-kind.ts'
import type { InferenceApi } from './api.ts'

/** The inference APIs that a deployment can be proven by: those of the table of kinds. */

export type { Api } from '../model-kind.ts'

type Registered = InferenceApi & { readonly name: Api }

export const registry: readonly Registered[] = kinds.flatMap((line): readonly Registered[] => line.apis)

/** Their names. */
export const apis: readonly Api[] = registry.map(({ name }) => name)

export function apiOf(name: Api): InferenceApi {
  const api = registry.find(candidate => candidate.name === name)
  if (api === undefined) throw new Error(`No such API: ${name}`)
  return api
}
