import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from '../../scripts/tools.ts'

/** The actions of this repository, as workflows name them. */

/** `account/name`: a placeholder stands for the account until it is named (scripts/name.ts). */
export const ownRepository =
  /github\.com\/(.+)\.git$/.exec(
    v.parse(
      v.object({ repository: v.object({ url: v.string() }) }),
      JSON.parse(readFileSync(join(repositoryRoot, 'local-cloud/package.json'), 'utf8')),
    ).repository.url,
  )?.[1] ?? ''

/** How a workflow of others uses the action at the root. */
export const ownAction = `${ownRepository}@v1`

const metadataSchema = v.object({
  name: v.string(),
  description: v.string(),
  inputs: v.optional(v.record(v.string(), v.object({ description: v.string() })), {}),
  outputs: v.optional(v.record(v.string(), v.object({ description: v.string() })), {}),
})

type OwnMetadata = v.InferOutput<typeof metadataSchema>

/** What `uses` names; undefined where that is of another repository. Throws where it is of this one, and does not exist. */
export function ownMetadata(uses: string): OwnMetadata | undefined {
  const [reference = ''] = uses.split('@')
  if (reference !== ownRepository && !reference.startsWith(`${ownRepository}/`)) return undefined
  return v.parse(metadataSchema, parse(ownFile(join(reference.slice(ownRepository.length), 'action.yml'))))
}

/** As the workflow of another repository would name it; `path` is how one of ours does. */
export function withOwner(path: string): string {
  // The reusable workflow fetches the whole repository into a folder.
  const folder = path.replace(/^\.\/(\.key-less-gate\/?)?/, '').replace(/\/$/, '')
  return folder === '' ? ownAction : ownAction.replace('@', `/${folder}@`)
}

/** A file of this repository, or undefined where `repository` is another. */
export function fileOf(repository: string | undefined, path: string): string | undefined {
  return repository === undefined || repository === ownRepository ? ownFile(path) : undefined
}

const ownFile = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')
