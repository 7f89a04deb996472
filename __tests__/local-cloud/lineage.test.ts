import { isUnbroken, linksToNpm, type ProcessTable } from '../../local-cloud/cli/lineage.ts'

/** Processes by number: the parent, and the command line. */
function table(processes: Record<number, [number, string]>): ProcessTable {
  return {
    parentOf: pid => processes[pid]?.[0],
    wordsOf: pid => processes[pid]?.[1].split(' ') ?? [],
  }
}

const shell: [number, string] = [20, 'sh -c key-less-cloud']

test.each<[string, Record<number, [number, string]>, number]>([
  ['npm, which calls itself by what it runs', { 30: [20, 'node'], 20: [10, 'npm exec key-less-cloud'] }, 1],
  ['npm with a shell between', { 30: [25, 'node'], 25: shell, 20: [10, 'npm run local-cloud'] }, 2],
  [
    'npx, which has no title yet',
    { 30: [25, 'node'], 25: shell, 20: [10, 'node /usr/bin/npx key-less-cloud'] },
    2,
  ],
  ['a shell of a person', { 30: [25, 'node'], 25: [10, '-bash'], 10: [1, 'sshd'] }, 0],
  ['a program below npm', { 30: [28, 'node'], 28: [25, 'node jest.js'], 25: shell, 20: [10, 'npm test'] }, 0],
  ['a shell that speaks of npm', { 30: [25, 'node'], 25: [10, 'sh -c npm'], 10: [1, 'init'] }, 0],
  ['nobody: its parent is gone', { 30: [1, 'node'] }, 0],
])('started by %s', (_, processes, links) => {
  expect(linksToNpm(30, table(processes))).toHaveLength(links)
})

test('a changed parent of a process breaks the link', () => {
  const before = table({ 30: [25, 'node'], 25: shell, 20: [10, 'npm exec key-less-cloud'] })
  const links = linksToNpm(30, before)
  expect(isUnbroken(links, before)).toBe(true)
  expect(isUnbroken(links, table({ 30: [1, 'node'], 25: shell }))).toBe(false)
  expect(isUnbroken(links, table({ 30: [25, 'node'], 25: [1, 'sh'] }))).toBe(false)
})
