import { codeBlocks, filesLike, readDocument, textOf } from '../support/documents.ts'
import { anchorsOf, brokenLinks } from '../support/links.ts'
import { ownRepository } from '../support/own-actions.ts'
import { blockProblem, checkAction, fileProblem, isCheckedFile } from '../support/text-checks.ts'

/** What people read and copy: every block and every file passes the parser, or the linter, of its language. */

describe.each(filesLike(/\.md$/))('%s', path => {
  const document = readDocument(path)

  test('has only code blocks that are valid in their language', async () => {
    const problems = []
    for (const { place, language, text } of codeBlocks(document)) {
      const problem = await blockProblem(language, text)
      if (problem !== '') problems.push(`${place}: ${problem}`)
    }
    expect(problems).toEqual([])
  })

  test('has only links that work', () => {
    expect(brokenLinks(document)).toEqual([])
  })
})

test.each(filesLike(/./).filter(isCheckedFile))('%s is right', async path => {
  expect(await fileProblem(path, textOf(path))).toBe('')
})

describe('the checks find', () => {
  test.each([
    ['a key that is none', 'yaml', 'on:\n  push:\n    branchs: [main]', "Unexpected value 'branchs'"],
    ['a permission that is none', 'yaml', 'permissions:\n  id-tokn: write', "Unexpected value 'id-tokn'"],
    ['an input that the action has not', 'yaml', 'with:\n  rol: Reader', "Invalid action input 'rol'"],
    ['one in a step of ours', 'yaml', '- uses: ./\n  with:\n    rol: Reader', "Invalid action input 'rol'"],
    [
      'an input that the reusable workflow has not',
      'yaml',
      `uses: ${ownRepository}/.github/workflows/gate-matrix.yml@v1\nwith:\n  client-id: a\n  tenant-id: b\n  targets: c\n  rol: d`,
      'rol is not defined in the referenced workflow',
    ],
    [
      'an output that the action has not',
      'yaml',
      `- id: gate\n  uses: ${ownRepository}@v1\n- run: ./deploy.sh \${{ steps.gate.outputs.resut }}`,
      'Context access might be invalid: resut',
    ],
    [
      'a context that is none',
      'yaml',
      `- run: ./deploy.sh \${{ github.evnt }}`,
      'Context access might be invalid: evnt',
    ],
    [
      'a job of a whole workflow that names no runner',
      'yaml',
      'on: push\njobs:\n  a:\n    steps: []',
      'runs-on',
    ],
    ['a script that bash cannot read', 'yaml', '- run: if true; then', 'syntax error'],
    ['what is no piece of a workflow', 'yaml', 'job:\n  deploy: {}', 'no piece of a workflow: job'],
    ['YAML that is none', 'yaml azure.yaml', 'a: b: c', 'YAMLParseError'],
    ['JSON that is none', 'json', '{ "a": 1, }', 'SyntaxError'],
    ['an open quote', 'sh', "echo 'ready", 'nterminated quoted string|unexpected EOF'],
    ['an open block', 'bash', 'if true; then echo ready', 'syntax error'],
    ['an open resource', 'bicep', "resource a 'Microsoft.Storage/a@2024-01-01' = {", 'Line 1'],
    ['a declaration that is none', 'bicep', 'resurce a = 1', 'Line 1: resurce'],
    ['an open argument', 'hcl', 'resource "a" "b" {\n  name =\n}', 'Invalid expression'],
    ['code that is none', 'typescript', 'const a: = 1', 'Expression expected|SyntaxError'],
    ['a language that nobody reads', 'yml', 'a: 1', 'Nothing here can read this language'],
    ['no language', '', 'a: 1', 'Nothing here can read this language'],
  ])('%s', async (_, info, text, problem) => {
    expect(await blockProblem(info, text)).toMatch(new RegExp(problem))
  })

  test('an action whose script names no shell', async () => {
    const action = 'name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n    - run: echo ready'

    await expect(checkAction(action)).rejects.toThrow('Required property is missing: shell')
  })
})

describe('the checks accept', () => {
  test.each([
    ['a variable that an earlier step may have set', `- run: ./deploy.sh \${{ env.SLOT }}`],
    ['secrets and variables', `with:\n  retired-key: \${{ secrets.KEY }}\n  client-id: \${{ vars.ID }}`],
    ['an output of a gate that is not shown', `- run: ./deploy.sh \${{ steps.gate.outputs.endpoint }}`],
    ['a job that waits for a gate that is not shown', 'jobs:\n  deploy:\n    needs: gate'],
    ['a job', `runs-on: ubuntu-latest\nenvironment: production`],
    ['inputs', 'role: Cognitive Services User\ngrant: never'],
    ['a condition', `if: github.event_name == 'push'`],
    ['the workflow of another', 'jobs:\n  call:\n    uses: OWNER/REPO/.github/workflows/WORKFLOW.yml@REF'],
  ])('%s', async (_, text) => {
    expect(await blockProblem('yaml', text)).toBe('')
  })
})

describe('the house, as CONTRIBUTING.md shows it', () => {
  const firstCells = [...textOf('CONTRIBUTING.md').matchAll(/^\| `(.*?)` \|/gm)]
  const shown = firstCells.flatMap(([, cell = '']) => cell.split('`, `'))
  const rooms = filesLike(/^[^.].*\//).map(path => /^(?:src\/)?[^/]+\/?/.exec(path)?.[0] ?? '')

  test('has every room', () => {
    const folders = new Set(rooms.filter(room => room.endsWith('/')))
    expect(shown).toEqual(expect.arrayContaining([...folders]))
  })

  test('has none that does not exist', () => {
    expect([...rooms, ...filesLike(/^[^/]+$/)]).toEqual(expect.arrayContaining(shown))
  })
})

describe('links', () => {
  const readme = readDocument('README.md')
  const withLink = (link: string) => ({
    ...readme,
    tokens: [...readme.tokens, { type: 'link', raw: link, href: link, text: link, tokens: [] }],
  })

  test.each(['docs/nothing.md', 'docs/diagnosis.md#nothing', '#nothing', '../elsewhere', 'action.yml#L1'])(
    '%s leads nowhere',
    link => {
      expect(brokenLinks(withLink(link))).toEqual([link])
    },
  )

  test.each([
    'docs/diagnosis.md#access-denied',
    '#test-your-own-key-less-code',
    'examples',
    'https://example.com/#any',
  ])('%s is accepted', link => {
    expect(brokenLinks(withLink(link))).toEqual([])
  })

  test('a heading with code and punctuation has the anchor that GitHub gives it', () => {
    expect(anchorsOf(readme)).toContain('see-it-work-without-azure')
    expect(anchorsOf(readDocument('docs/diagnosis.md'))).toContain('oidc-permission-missing')
  })
})
