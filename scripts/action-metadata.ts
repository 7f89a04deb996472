import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { isMap, isScalar, parse, parseDocument } from 'yaml'
import { repositoryRoot } from './tools.ts'

const description = v.pipe(v.string(), v.nonEmpty())

/** Characters; GitHub's Marketplace refuses a longer description of an action. */
export const maximumDescription = 124

/** The part of GitHub's metadata syntax that this action uses; anything else in action.yml is a mistake. */
const actionMetadata = v.strictObject({
  name: v.string(),
  description: v.pipe(description, v.maxLength(maximumDescription)),
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

/** action.yml, checked. Throws if it is not valid. */
export function readActionMetadata(): ActionMetadata {
  return parseActionMetadata(actionFile())
}

/** Throws if `text` is not valid metadata of this action. */
export const parseActionMetadata = (text: string): ActionMetadata => v.parse(actionMetadata, parse(text))

interface InputGroup {
  title: string
  inputs: ActionMetadata['inputs']
}

/** The inputs, grouped by the comment above each group in action.yml. Throws if the first input has no such comment. */
export function readInputGroups(text = actionFile()): InputGroup[] {
  const { inputs } = parseActionMetadata(text)
  const titles = titlesIn(text)
  const groups: InputGroup[] = []
  for (const [name, input] of Object.entries(inputs)) {
    const title = titles.get(name)
    if (title !== undefined) groups.push({ title, inputs: {} })
    const group = groups.at(-1)
    if (group === undefined) throw new Error(`A comment above ${name} must name its group of inputs.`)
    group.inputs[name] = input
  }
  return groups
}

/** Comments above inputs, by the name of the input. The parser attaches the first one to the map, not to its input. */
function titlesIn(text: string): Map<string, string> {
  const inputs = parseDocument(text).get('inputs')
  if (!isMap(inputs)) return new Map()
  return new Map(
    inputs.items.flatMap(({ key }, index) => {
      if (!isScalar(key)) return []
      const comment = index === 0 ? inputs.commentBefore : key.commentBefore
      return comment ? [[String(key.value), comment.trim()] as const] : []
    }),
  )
}

const actionFile = () => readFileSync(join(repositoryRoot, 'action.yml'), 'utf8')
