import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from './tools.ts'

const description = v.pipe(v.string(), v.nonEmpty())

/** The part of GitHub's metadata syntax that this action uses; anything else in action.yml is a mistake. */
const actionMetadata = v.strictObject({
  name: v.string(),
  description,
  author: v.string(),
  branding: v.strictObject({ icon: v.string(), color: v.string() }),
  inputs: v.record(
    v.string(),
    v.strictObject({ description, required: v.optional(v.boolean()), default: v.optional(v.string()) }),
  ),
  outputs: v.record(v.string(), v.strictObject({ description })),
  runs: v.strictObject({
    using: v.literal('node24'),
    main: v.literal('dist/index.js'),
    post: v.literal('dist/post.js'),
  }),
})

export type ActionMetadata = v.InferOutput<typeof actionMetadata>

/** action.yml, checked. Throws where it is not valid. */
export function readActionMetadata(): ActionMetadata {
  return v.parse(actionMetadata, parse(readFileSync(join(repositoryRoot, 'action.yml'), 'utf8')))
}
