import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { addresses, addressesOfSource, linksOfDocument, useInSource } from '../../scripts/addresses.ts'
import { problemOf } from '../../scripts/check-addresses.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { execNode } from '../support/child-node.ts'
import { filesLike, textOf } from '../support/documents.ts'
import { runScript, scriptStepSchema, stepNamed } from '../support/step-script.ts'

const pinnedIn = '__tests__/local-cloud/descriptions.json'
const textOfPin = (text: string) =>
  v.parse(
    v.object({ repository: v.string(), commit: v.string(), folders: v.array(v.string()) }),
    JSON.parse(text),
  )
const pin = textOfPin(textOf(pinnedIn))

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
    [
      '## Who `may`\n\n- [roles | of all](https://learn.microsoft.com/azure/x#y)',
      ['https://learn.microsoft.com/azure/x', 'Who may: roles  of all'],
    ],
    ['```text\nhttps://aka.ms/what-a-service-says\n```', []],
    ['[us](https://github.com/OWNER/key-less-gate)', []],
    ['[here](docs/setup.md)', []],
  ])('in a document, with what it is there for: %s', (text, found) => {
    expect(linksOfDocument(text).flatMap(({ address, use }) => [address, use])).toEqual(found)
  })

  test('of a source have a use by their place, and one in a new place is refused until somebody says it', () => {
    expect(useInSource('src/advice/explanations/commands.ts')).toBe('the gate prints it, as a next step')
    expect(() => useInSource('src/report/log.ts')).toThrow(
      'What is an address in src/report/log.ts there for?',
    )
  })

  test('each of them has a use', () => {
    for (const { uses } of addresses().values()) {
      expect(uses).not.toEqual([])
      for (const use of uses) expect(use).toMatch(/^\S.*\S$/)
    }
  })

  test('include every page that an explanation links to', () => {
    const all = [...addresses().keys()]

    expect(all).toContain('https://azure.status.microsoft')
    expect(all.filter(address => address.includes('#') || address.includes('OWNER'))).toEqual([])
  })

  // Found by another way than the list: every host in the sources, but for those that programs talk to.
  test('include every host in the sources, except hosts of APIs', () => {
    const apis = [
      ...['api.github.com', 'token.actions.githubusercontent.com', 'unused.invalid', 'rehearsal.invalid'],
      ...['management.azure.com', 'management.chinacloudapi.cn', 'management.usgovcloudapi.net'],
      ...['login.microsoftonline.com', 'login.microsoftonline.us', 'login.partner.microsoftonline.cn'],
      ...['graph.microsoft.com', 'graph.microsoft.us', 'microsoftgraph.chinacloudapi.cn'],
      ...['sts.windows.net', 'ai.azure.com'],
      ...['com', 'us', 'cn'].map(end => `cognitiveservices.azure.${end}`),
      // Placeholders.
      ...['HOST', 'NAME.openai.azure.com', 'NAME.services.ai.azure.com', 'host'],
    ]
    const hostsIn = (text: string) =>
      [...text.matchAll(/https?:\/\/([\w.-]*\w)/g)].map(([, host = '']) => host)
    const listed = new Set([...addresses().keys()].flatMap(hostsIn))
    const named = new Set(filesLike(/^(src\/.*\.ts|action\.yml)$/).flatMap(file => hostsIn(textOf(file))))

    expect([...named].filter(host => !listed.has(host)).toSorted()).toStrictEqual(apis.toSorted())
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

  test('a page whose host is gone is reported with the error', async () => {
    const problem = await problemOf('https://nobody.invalid', async () => {
      throw new Error('getaddrinfo ENOTFOUND nobody.invalid')
    })

    expect(problem).toBe('getaddrinfo ENOTFOUND nobody.invalid')
  })
})

const role = v.looseObject({
  name: v.string(),
  roleName: v.string(),
  description: v.string(),
  permissions: v.array(
    v.object({
      actions: v.optional(v.array(v.string())),
      notActions: v.optional(v.array(v.string())),
      dataActions: v.optional(v.array(v.string())),
      notDataActions: v.optional(v.array(v.string())),
      condition: v.optional(v.string()),
      conditionVersion: v.optional(v.string()),
    }),
  ),
})
const shipped = v.looseObject({
  asOf: v.string(),
  formerNames: v.record(v.string(), v.string()),
  roles: v.array(role),
})
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

  test('without changes it prints nothing and leaves the file alone', () => {
    const before = readFileSync(join(folder, 'roles.json'), 'utf8')

    expect(drift()).toBe('')
    expect(readFileSync(join(folder, 'roles.json'), 'utf8')).toBe(before)
  })

  test('a new name and gained and lost actions are reported and written', () => {
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
    const {
      roles: [first],
      formerNames,
    } = read()
    expect(first?.roleName).toBe('Foundry Services User')
    expect(formerNames[first?.name ?? '']).toBe('Cognitive Services User')
    expect(first?.permissions).toEqual([{ dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] }])
  })

  test('a changed condition is reported, and others stay', () => {
    const conditions = () => read().roles.flatMap(each => each.permissions.map(({ condition }) => condition))
    const [first = '', ...others] = conditions().filter(each => each !== undefined)
    const change = (each: Role) => each.permissions.some(({ condition }) => condition === first)

    const said = drift(roles =>
      roles.map(each =>
        change(each)
          ? { ...each, permissions: each.permissions.map(one => ({ ...one, condition: 'true' })) }
          : each,
      ),
    )

    expect(said).toMatch(/^- .+: its conditions have changed$/m)
    expect(conditions()).toEqual(expect.arrayContaining(['true', ...others]))
    expect(conditions()).not.toContain(first)
  })

  const added = (dataActions: string[], notDataActions: string[] = []): Role => ({
    name: '7d1f0c84-52ab-4e3f-9c60-b18e4a72d395',
    roleName: 'Foundry Model Caller',
    description: 'Calls models.',
    permissions: [{ actions: [], notActions: [], dataActions, notDataActions }],
  })

  test('a new role that can call a model is reported and added', () => {
    const chat = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
    const documented = (roles: Role[]) => [...roles, added([chat.replace('/chat/', '/*/')])]

    expect(drift(documented)).toBe(
      `- Foundry Model Caller: is new, and lets its holder call models (\`${chat}\`). ` +
        'The input `role` accepts its name from now on. `role: auto` chooses it only after you add it to `leastFirst` (src/azure/rbac/built-in-roles.ts)\n',
    )
    expect(read().roles.at(-1)).toStrictEqual({
      ...added([]),
      permissions: [{ dataActions: [chat.replace('/chat/', '/*/')] }],
    })
    expect(drift()).toBe('')
  })

  test.each<[string, Role]>([
    ['no model', added(['Microsoft.CognitiveServices/accounts/CustomVision/*'])],
    ['what it takes away again', added(['Microsoft.CognitiveServices/*'], ['Microsoft.CognitiveServices/*'])],
  ])('a new role for %s is ignored', (_, other) => {
    expect(drift(roles => [...roles, other])).toBe('')
  })

  test('a role that is no longer documented is reported, and stays', () => {
    const before = read().roles.length

    expect(drift(roles => roles.slice(1))).toBe('- Cognitive Services User: is no longer documented\n')
    expect(read().roles.length).toBe(before)
  })

  test('a folder without roles is an error, because the pages must have moved', () => {
    expect(() => drift(() => [])).toThrow('documents no role')
  })
})

describe('API descriptions', () => {
  const operation = (more: object = {}) => ({
    operationId: 'RoleAssignments_Get',
    description: 'Get one.',
    parameters: [{ name: 'filter', in: 'query', type: 'string' }],
    responses: { 200: { description: 'OK', schema: { $ref: './common.json#/definitions/Assignment' } } },
    ...more,
  })
  const assignment = (more: object = {}) => ({
    type: 'object',
    required: ['principalId', 'scope'],
    properties: { principalId: { type: 'string' }, description: { type: 'string' } },
    ...more,
  })
  const path = '/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}'

  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'key-less-gate-descriptions-'))
    cpSync(join(repositoryRoot, pinnedIn), join(folder, 'pin.json'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** A checkout, in which the first folder that is pinned describes one operation that is served here, and one that is not. */
  function checkout(name: string, described: object, definition: object, folders = pin.folders) {
    for (const each of folders) mkdirSync(join(folder, name, each), { recursive: true })
    const write = (file: string, content: object) =>
      writeFileSync(join(folder, name, folders[0] ?? '', file), JSON.stringify(content))
    const other = { put: { operationId: 'Elsewhere_Create', responses: {}, summary: name } }
    write('calls.json', {
      paths: { [path]: { get: described }, '/providers/Contoso.Elsewhere/things': other },
    })
    write('common.json', { definitions: { Assignment: definition, Unused: { title: name, type: name } } })
  }

  const drift = () =>
    execFileSync(
      process.execPath,
      [
        join(repositoryRoot, 'scripts/description-drift.ts'),
        'compare',
        ...[join(folder, 'before'), join(folder, 'after'), 'f'.repeat(40), join(folder, 'pin.json')],
      ],
      { encoding: 'utf8', stdio: 'pipe' },
    )
  const pinAfter = () => textOfPin(readFileSync(join(folder, 'pin.json'), 'utf8'))

  test('without relevant changes it prints nothing, and the pin stays', () => {
    checkout('before', operation(), assignment())
    checkout(
      'after',
      operation({ description: 'Gets one.', tags: ['x'], 'x-ms-examples': { a: { $ref: './gone.json' } } }),
      assignment({ required: ['scope', 'principalId'], description: 'Assigns.' }),
    )

    expect(drift()).toBe('')
    expect(pinAfter()).toEqual(pin)
  })

  test.each<[string, object, object, string]>([
    [
      'a property',
      {},
      { properties: { principalId: { type: 'string' }, description: { type: 'string' }, condition: {} } },
      '- `Assignment.properties.condition` is new (RoleAssignments_Get)\n',
    ],
    [
      'a property that is called like a remark',
      {},
      { properties: { principalId: { type: 'string' } } },
      '- `Assignment.properties.description` is gone (RoleAssignments_Get)\n',
    ],
    [
      'a type',
      {},
      { properties: { principalId: { type: 'integer' }, description: { type: 'string' } } },
      '- `Assignment.properties.principalId.type` was `"string"`, is `"integer"` (RoleAssignments_Get)\n',
    ],
    [
      'what is required',
      {},
      { required: ['principalId'] },
      '- `Assignment.required.scope` is gone (RoleAssignments_Get)\n',
    ],
    ['a parameter', { parameters: [] }, {}, '- `RoleAssignments_Get.parameters.filter` is gone\n'],
    [
      'a status',
      { responses: { ...operation().responses, 204: { description: 'None' } } },
      {},
      '- `RoleAssignments_Get.responses.204` is new\n',
    ],
  ])('a change in %s is reported, and the newer commit pinned', (_, described, definition, said) => {
    checkout('before', operation(), assignment())
    checkout('after', operation(described), assignment(definition))

    expect(drift()).toBe(said)
    expect(pinAfter()).toEqual({ ...pin, commit: 'f'.repeat(40) })
  })

  test('a moved folder is found and reported', () => {
    const [first = '', ...others] = pin.folders
    const moved = first.replace('/Microsoft.Authorization/', '/Microsoft.Authorization/Authorization/')
    checkout('before', operation(), assignment())
    checkout('after', operation(), assignment(), [moved, ...others])

    expect(drift()).toBe(`- \`folders.${first}\` is gone\n- \`folders.${moved}\` is new\n`)
    expect(pinAfter()).toEqual({ ...pin, commit: 'f'.repeat(40), folders: [moved, ...others] })
  })

  test.each<[string, string[]]>([
    ['is gone', ['no folder looks like its new place']],
    ['may be one of two', ['several folders look like its new place']],
  ])('a folder that %s is an error', (how, [message]) => {
    const [first = '', ...others] = pin.folders
    checkout('before', operation(), assignment())
    checkout('after', operation(), assignment(), others)
    if (how === 'may be one of two')
      for (const under of ['Authorization', 'Access'])
        mkdirSync(join(folder, 'after', first.replace('/stable/', `/${under}/stable/`)), { recursive: true })

    expect(drift).toThrow(message)
  })

  test('the folders to check out of a newer tree come from its own list', () => {
    const [first = '', ...others] = pin.folders
    const moved = first.replace('/stable/', '/Authorization/stable/')
    writeFileSync(join(folder, 'tree'), ['specification', moved, `${moved}/examples`, ...others].join('\n'))

    expect(
      execFileSync(
        process.execPath,
        [join(repositoryRoot, 'scripts/description-drift.ts'), 'folders', join(folder, 'tree')],
        { encoding: 'utf8' },
      ),
    ).toBe(`${[moved, ...others].join('\n')}\n`)
  })
})

describe('the commit of the API descriptions', () => {
  test('is written in one place', () => {
    expect(filesLike(/./).filter(file => textOf(file).includes(pin.commit))).toEqual([pinnedIn])
    for (const workflow of ['ci', 'drift'])
      expect(textOf(`.github/workflows/${workflow}.yml`)).toContain('uses: ./.github/actions/descriptions')
  })

  test('is the one that the checkout uses, with its folders', () => {
    const [step] = v.parse(
      v.object({ runs: v.object({ steps: v.array(scriptStepSchema) }) }),
      parse(textOf('.github/actions/descriptions/action.yml')),
    ).runs.steps
    if (step === undefined) throw new Error('The action has no step')
    const { status, outputs } = runScript(step, {
      env: {},
      files: { [pinnedIn]: textOf(pinnedIn) },
      programs: { jq: execNode(join(repositoryRoot, '__tests__/support/jq.ts')) },
    })

    expect(status).toBe(0)
    expect(outputs).toEqual({ ...pin, folders: pin.folders.join('\n') })
  })
})

describe('what changed', () => {
  const { propose } = v.parse(
    v.object({
      jobs: v.object({
        propose: v.object({ if: v.string(), needs: v.array(v.string()), steps: v.array(scriptStepSchema) }),
      }),
    }),
    parse(textOf('.github/workflows/drift.yml')),
  ).jobs
  const step = stepNamed(propose.steps, 'Propose each')

  test('is proposed even if another check failed', () => {
    const any = propose.needs.map(name => `needs.${name}.outputs.changed == 'true'`).join(' || ')

    expect(propose.if).toBe(`\${{ !cancelled() && (${any}) }}`)
  })

  const patch = (...files: string[]) =>
    files
      .map(file => `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-old\n+new\n`)
      .join('')

  /** A repository with an origin, in the folder that the script runs in. Pushed branches are listed in `pushed`. */
  const arrange = [
    'git init --quiet --initial-branch main . && git init --quiet --bare origin',
    'git remote add origin ./origin',
    'mkdir --parents built-in-roles && echo old > built-in-roles/roles.json && echo old > package.json',
    'git add built-in-roles package.json && git -c user.name=x -c user.email=x@contoso.example commit --quiet --message first',
    'export GITHUB_SHA="$(git rev-parse HEAD)"',
  ]
  const look = [
    "for branch in $(git -C origin for-each-ref --format='%(refname:short)'); do",
    '  echo "$branch: $(git diff --name-only "$GITHUB_SHA" "$branch" | tr "\\n" " ")" >> pushed',
    'done',
  ]

  const run = (open = '') =>
    runScript(
      { ...step, run: [...arrange, step.run, ...look].join('\n') },
      {
        env: { GH_TOKEN: 'none', CHANGES: 'changes' },
        files: {
          'changes/change-roles/text.md': '- Reader: `actions` has gained `x`\n',
          'changes/change-roles/change.patch': patch('built-in-roles/roles.json', 'package.json'),
        },
        programs: {
          gh: `case "$1 $2" in 'pr list') echo '${open}' ;; 'pr create') shift 2; echo "$@" > created; cat "\${@: -1}" > text ;; esac`,
        },
      },
    )

  test('is proposed in a pull request that says so and changes nothing else', () => {
    const { status, files } = run()

    expect(status).toBe(0)
    expect(files.pushed).toBe('drift/change-roles: built-in-roles/roles.json \n')
    expect(files.created).toMatch(
      /^--head drift\/change-roles --title Azure's roles have changed --body-file /,
    )
    expect(files.text).toMatch(
      /^- Reader: .+\n\nA workflow opened this pull request, so its checks start only after a person/,
    )
  })

  test('is not proposed again while a pull request is open', () => {
    const { status, stdout, files } = run('https://github.com/contoso/gate/pull/7')

    expect(status).toBe(0)
    expect(stdout).toContain('::notice title=Drift::Not proposed again while it is open: https://')
    expect(files).not.toHaveProperty('pushed')
    expect(files).not.toHaveProperty('created')
  })
})
