import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { addresses, addressesOfDocument, addressesOfSource } from '../../scripts/addresses.ts'
import { problemOf } from '../../scripts/check-addresses.ts'
import { repositoryRoot } from '../../scripts/tools.ts'

/** What tells that the world has moved on: pages that are gone, roles that changed. */

describe('addresses', () => {
  test.each<[string, string[]]>([
    ['See https://learn.microsoft.com/azure/x, and more.', ['https://learn.microsoft.com/azure/x']],
    [
      "'https://www.githubstatus.com/api/v2/status.json'",
      ['https://www.githubstatus.com/api/v2/status.json'],
    ],
    ['https://learn.microsoft.com/azure/x#section', ['https://learn.microsoft.com/azure/x']],
    ['https://management.azure.com/subscriptions', []],
  ])('in a source: %s', (text, found) => {
    expect(addressesOfSource(text)).toEqual(found)
  })

  test.each<[string, string[]]>([
    ['[roles](https://learn.microsoft.com/azure/x#y)', ['https://learn.microsoft.com/azure/x']],
    ['```text\nhttps://aka.ms/what-a-service-says\n```', []],
    ['[us](https://github.com/OWNER/key-less-gate)', []],
    ['[here](docs/setup.md)', []],
  ])('in a document: %s', (text, found) => {
    expect(addressesOfDocument(text)).toEqual(found)
  })

  test('of every explanation that links a page the page is among them', () => {
    const all = [...addresses().keys()]

    expect(all).toContain('https://azure.status.microsoft')
    expect(all.filter(address => address.includes('#') || address.includes('OWNER'))).toEqual([])
  })

  test.each<[number, string | undefined]>([
    [200, undefined],
    [304, undefined],
    [403, undefined],
    [429, undefined],
    [404, 'answers 404'],
    [410, 'answers 410'],
    [500, 'answers 500'],
  ])('a page that answers %d: %s', async (status, problem) => {
    expect(await problemOf('https://learn.microsoft.com/azure/x', async () => ({ status }))).toBe(problem)
  })

  test('a page whose host is gone is told as it was found', async () => {
    const problem = await problemOf('https://nobody.invalid', async () => {
      throw new Error('getaddrinfo ENOTFOUND nobody.invalid')
    })

    expect(problem).toBe('getaddrinfo ENOTFOUND nobody.invalid')
  })
})

const role = v.looseObject({
  name: v.string(),
  roleName: v.string(),
  permissions: v.array(
    v.object({
      actions: v.optional(v.array(v.string())),
      notActions: v.optional(v.array(v.string())),
      dataActions: v.optional(v.array(v.string())),
      notDataActions: v.optional(v.array(v.string())),
    }),
  ),
})
const shipped = v.looseObject({ asOf: v.string(), roles: v.array(role) })
type Role = v.InferOutput<typeof role>

describe('built-in roles', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'key-less-gate-drift-'))
    cpSync(join(repositoryRoot, 'built-in-roles/roles.json'), join(folder, 'roles.json'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const read = () => v.parse(shipped, JSON.parse(readFileSync(join(folder, 'roles.json'), 'utf8')))

  /** A page as Microsoft's, on which every role that ships stands, changed or not. */
  function drift(change: (roles: Role[]) => Role[] = roles => roles): string {
    const blocks = change(structuredClone(read().roles)).map(
      each => `\`\`\`json\n${JSON.stringify(each)}\n\`\`\``,
    )
    writeFileSync(
      join(folder, 'page.md'),
      `# Roles\n\n\`\`\`json\n{ "no": "role" }\n\`\`\`\n\n${blocks.join('\n\n')}\n`,
    )
    return execFileSync(
      process.execPath,
      [join(repositoryRoot, 'scripts/role-drift.ts'), folder, join(folder, 'roles.json')],
      { encoding: 'utf8' },
    )
  }

  test('where nothing changed nothing is said, and the file stays as it is', () => {
    const before = readFileSync(join(folder, 'roles.json'), 'utf8')

    expect(drift()).toBe('')
    expect(readFileSync(join(folder, 'roles.json'), 'utf8')).toBe(before)
  })

  test('a new name, what a role gained and what it lost is said, and written', () => {
    const said = drift(roles =>
      roles.map(each =>
        each.roleName === 'Cognitive Services User'
          ? {
              ...each,
              roleName: 'Foundry Services User',
              permissions: [{ actions: [], dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] }],
            }
          : each,
      ),
    )

    expect(said).toContain('- Cognitive Services User: is now called Foundry Services User\n')
    expect(said).toContain(
      '- Cognitive Services User: `dataActions` has gained `Microsoft.CognitiveServices/accounts/OpenAI/*`\n',
    )
    expect(said).toContain(
      '- Cognitive Services User: `dataActions` has lost `Microsoft.CognitiveServices/*`\n',
    )
    const [first] = read().roles
    expect(first?.roleName).toBe('Foundry Services User')
    expect(first?.permissions).toEqual([{ dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] }])
  })

  test('a role that is not documented any more is said, and stays', () => {
    const before = read().roles.length

    expect(drift(roles => roles.slice(1))).toBe('- Cognitive Services User: is not documented any more\n')
    expect(read().roles.length).toBe(before)
  })

  test('a folder without roles is an error: pages have moved', () => {
    expect(() => drift(() => [])).toThrow('No role is documented')
  })
})

test('the descriptions that are looked at weekly are those that CI compares with', () => {
  const foldersIn = (workflow: string) =>
    readFileSync(join(repositoryRoot, '.github/workflows', workflow), 'utf8').match(
      /specification\/[\w./-]+/g,
    )

  expect(foldersIn('drift.yml')).toEqual(foldersIn('ci.yml'))
  expect(foldersIn('ci.yml')).not.toBeNull()
})
