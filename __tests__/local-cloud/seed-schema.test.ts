import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import { parseSeed } from '../../local-cloud/seed.ts'
import { repositoryRoot } from '../../scripts/tools.ts'

const file = join(repositoryRoot, 'local-cloud/seed.schema.json')
const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const fits = ajv.compile(JSON.parse(readFileSync(file, 'utf8')))

const parses = (seed: unknown) => {
  try {
    parseSeed(seed)
    return true
  } catch {
    return false
  }
}

const [account, ...otherAccounts] = defaultWorld.accounts

test.each<[string, unknown, boolean]>([
  ['the default world', defaultWorld, true],
  [
    'a seed without the fields that have defaults',
    { ...defaultWorld, roleAssignments: undefined, users: undefined },
    true,
  ],
  ['an empty seed', {}, false],
  ['an unknown field', { ...defaultWorld, extra: true }, false],
  [
    'an id that is not a GUID',
    { ...defaultWorld, tenants: [{ id: 'contoso', displayName: 'Contoso' }] },
    false,
  ],
  [
    'a kind that does not exist',
    { ...defaultWorld, accounts: [{ ...account, kind: 'Foundry' }, ...otherAccounts] },
    false,
  ],
  [
    'a text that is not a time',
    { ...defaultWorld, roleAssignments: [{ ...defaultWorld.roleAssignments?.[0], createdOn: 'yesterday' }] },
    false,
  ],
  [
    'a number instead of a text',
    { ...defaultWorld, workflow: { ...defaultWorld.workflow, runId: 7 } },
    false,
  ],
])('the published schema and the local cloud agree on %s', (_, seed, good) => {
  expect({ fits: fits(JSON.parse(JSON.stringify(seed))), parses: parses(seed) }).toEqual({
    fits: good,
    parses: good,
  })
})

test('a JSON seed can name its schema', () => {
  expect(fits({ $schema: 'anywhere', ...defaultWorld })).toBe(true)
})
