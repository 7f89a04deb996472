import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parseDocument } from 'yaml'
import { diagnosisCodes } from '../src/core/failures/codes.ts'
import { repositoryRoot } from './tools.ts'

const formSchema = v.object({
  body: v.array(
    v.object({
      id: v.optional(v.string()),
      attributes: v.object({ options: v.optional(v.array(v.unknown())) }),
    }),
  ),
})

/**
 * An issue form with the current diagnosis codes as options of its field `diagnosis`. The first option, for problems without a
 * code, stays. Throws if the form has no such field.
 */
export function issueForm(path: string): string {
  const document = parseDocument(readFileSync(join(repositoryRoot, path), 'utf8'))
  const { body } = v.parse(formSchema, document.toJS())
  const index = body.findIndex(({ id }) => id === 'diagnosis')
  const [none] = body[index]?.attributes.options ?? []
  if (none === undefined)
    throw new Error(`${path} must have a field diagnosis with an option for problems without a code`)
  document.setIn(
    ['body', index, 'attributes', 'options'],
    document.createNode([none, ...Object.values(diagnosisCodes).flat()]),
  )
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
