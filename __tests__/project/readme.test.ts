import { createDemoCloud, demoInputs } from '../../demo/world.ts'
import { codeBlocks, readDocument, textOf } from '../support/documents.ts'
import { ownRepository } from '../support/own-actions.ts'
import { runGate } from '../support/scenario.ts'

/** What README.md promises about itself: it is short, and what it quotes was really said. */

const readme = readDocument('README.md')
const blocks = codeBlocks(readme)

test('has at most 1,300 words', () => {
  const words = readme.text.split(/\s+/).filter(word => /[\p{L}\p{N}]/u.test(word))
  expect(words.length).toBeLessThanOrEqual(1300)
})

test('shows the workflow first, and on the first screen', () => {
  expect(blocks[0]).toMatchObject({ language: 'yaml', text: expect.stringMatching(/^name: Deploy\n/) })
  const end = readme.text.indexOf('```\n', readme.text.indexOf('```yaml') + 1)
  expect(readme.text.slice(0, end).split('\n').length).toBeLessThanOrEqual(50)
})

test('pins every action of the workflow by commit', () => {
  const used = [...(blocks[0]?.text ?? '').matchAll(/uses: (\S+)/g)].map(([, action = '']) => action)

  expect(used).toContain(`${ownRepository}@COMMIT`)
  for (const action of used) expect(action).toMatch(/@(COMMIT|[0-9a-f]{40})$/)
})

/** The page repeats a reply whole, or a parts of it with an ellipsis between them. */
test('quotes error texts exactly as the services write them', () => {
  const replies = textOf('__tests__/services/recorded-replies.jsonl') + textOf('docs/diagnosis.md')
  const section = /\n## Error texts[\s\S]*?\n## /.exec(readme.text)?.[0] ?? ''
  const firstCells = section
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split(' | ')[0] ?? '')
  const parts = firstCells
    .flatMap(cell => [...cell.matchAll(/`(.*?)`/g)])
    .flatMap(([, text = '']) => text.split(' … '))

  expect(parts.length).toBeGreaterThan(9)
  expect(parts.filter(part => !replies.includes(part))).toEqual([])
})

test("quotes the job summary of the demo's first run, which has no findings", async () => {
  const cloud = await createDemoCloud()
  try {
    const { outputs, summary, report } = await runGate(cloud, { inputs: demoInputs(cloud) })
    expect(outputs['role-state']).toBe('granted')
    expect(report).toMatchObject({ findings: [], information: [] })
    const quoted = blocks.find(({ language }) => language === 'text')?.text ?? ''
    const lines = quoted.split('\n').filter(line => line.trim() !== '…')
    const cells = lines.flatMap(line => line.trim().split(/ {2,}/))

    expect(cells).toContain('✅ Key-less access to contoso-ai is proven')
    expect(cells.map(comparable).filter(cell => !comparable(summary).includes(cell))).toEqual([])
  } finally {
    await cloud.close()
  }
})

/** Without markup and escapes, and whatever the times, latencies and ports were. */
function comparable(text: string): string {
  return text
    .replaceAll(/<[^>]*>|[`*\\]|&#?\w+;/g, '')
    .replaceAll(/["']/g, '')
    .replaceAll(/\d+(\.\d+)?(?= (ms|s|connections)\b)/g, 'N')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
}
