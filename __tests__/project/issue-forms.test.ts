import * as v from 'valibot'
import { parse } from 'yaml'
import { issueForm } from '../../scripts/issue-forms.ts'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'
import { filesLike, textOf } from '../support/documents.ts'
import { ownRepository } from '../support/own-actions.ts'

const text = v.pipe(v.string(), v.nonEmpty())
const id = v.pipe(v.string(), v.regex(/^[\w-]+$/))
const validations = v.optional(v.strictObject({ required: v.boolean() }), { required: false })
const described = { label: text, description: v.optional(text) }
const typed = { ...described, placeholder: v.optional(text), value: v.optional(text) }

/** Options must differ, and `None` is GitHub's own. */
const options = v.pipe(
  v.array(text),
  v.nonEmpty(),
  v.check(all => new Set(all).size === all.length, 'Options must differ'),
  v.check(all => !all.includes('None'), 'None is a reserved option'),
)

/** docs.github.com, Syntax for GitHub's form schema: the elements that the forms here use. */
const element = v.variant('type', [
  v.strictObject({ type: v.literal('markdown'), attributes: v.strictObject({ value: text }) }),
  v.strictObject({ type: v.literal('input'), id, attributes: v.strictObject(typed), validations }),
  v.strictObject({
    type: v.literal('textarea'),
    id,
    attributes: v.strictObject({ ...typed, render: v.optional(text) }),
    validations,
  }),
  v.strictObject({
    type: v.literal('dropdown'),
    id,
    attributes: v.strictObject({ ...described, options }),
    validations,
  }),
])

/** docs.github.com, Syntax for issue forms. */
const form = v.strictObject({
  name: text,
  description: text,
  labels: v.array(text),
  body: v.pipe(
    v.array(element),
    v.check(all => all.some(({ type }) => type !== 'markdown'), 'A form must ask something'),
  ),
})

const forms = filesLike(/^\.github\/ISSUE_TEMPLATE\/(?!config\.yml).+\.yml$/)
const read = (path: string) => v.parse(form, parse(textOf(path)))

describe.each(forms)('%s', path => {
  const fields = read(path).body.flatMap(field => (field.type === 'markdown' ? [] : [field]))

  test('asks each thing once', () => {
    for (const names of [fields.map(field => field.id), fields.map(field => field.attributes.label)])
      expect(new Set(names).size).toBe(names.length)
  })

  test('offers every diagnosis code, after the option for no code (run `npm run docs`)', () => {
    const codes = fields.flatMap(field =>
      field.type === 'dropdown' && field.id === 'diagnosis' ? [field.attributes.options.slice(1)] : [],
    )

    expect(codes).toEqual([Object.values(diagnosisCodes).flat()])
    expect(issueForm(path)).toBe(textOf(path))
  })
})

test('the bug form asks for the code, the report and the versions', () => {
  const required = read('.github/ISSUE_TEMPLATE/bug.yml').body.flatMap(field =>
    field.type !== 'markdown' && field.validations.required ? [field.id] : [],
  )

  expect(required).toEqual(expect.arrayContaining(['diagnosis', 'report', 'version', 'runner', 'cloud']))
})

test('blank issues are off, and security problems have a separate link', () => {
  const config = v.strictObject({
    blank_issues_enabled: v.literal(false),
    contact_links: v.array(v.strictObject({ name: text, url: v.pipe(v.string(), v.url()), about: text })),
  })
  const { contact_links } = v.parse(config, parse(textOf('.github/ISSUE_TEMPLATE/config.yml')))

  expect(contact_links.map(({ url }) => url)).toContain(
    `https://github.com/${ownRepository}/security/advisories/new`,
  )
})
