import { globSync } from 'node:fs'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from '../../scripts/tools.ts'
import { filesLike, textOf } from '../support/documents.ts'

const days = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(90))
const group = v.strictObject({
  'dependency-type': v.optional(v.picklist(['production', 'development'])),
  patterns: v.optional(v.array(v.string())),
})

/** docs.github.com, Dependabot options reference: those that are used here. */
const schema = v.strictObject({
  version: v.literal(2),
  updates: v.array(
    v.strictObject({
      'package-ecosystem': v.picklist(['npm', 'github-actions']),
      directory: v.optional(v.string()),
      directories: v.optional(v.array(v.string()), []),
      schedule: v.strictObject({ interval: v.picklist(['daily', 'weekly', 'monthly']) }),
      cooldown: v.strictObject({ 'default-days': days, 'semver-major-days': v.optional(days) }),
      groups: v.record(v.string(), group),
    }),
  ),
})

const { updates } = v.parse(schema, parse(textOf('.github/dependabot.yml')))
const foldersOf = (ecosystem: string) =>
  updates.flatMap(update =>
    update['package-ecosystem'] === ecosystem ? [...update.directories, update.directory ?? []].flat() : [],
  )

test('packages are kept up to date', () => {
  expect(foldersOf('npm').toSorted()).toEqual(
    filesLike(/package-lock\.json$/)
      .map(path => `/${path.replace(/\/?package-lock\.json$/, '')}`)
      .toSorted(),
  )
})

test('actions are kept up to date, in workflows and in our own actions', () => {
  const folders = foldersOf('github-actions')
  const covered = folders.flatMap(folder => globSync(folder.slice(1), { cwd: repositoryRoot }))
  const composites = filesLike(/\/action\.ya?ml$/).map(path => path.replace(/\/[^/]+$/, ''))

  // The root stands for .github/workflows and for the action.yml that lies there.
  expect(folders).toContain('/')
  expect(covered).toEqual(expect.arrayContaining(composites))
})
