import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../../scripts/tools.ts'

const list = readFileSync(join(repositoryRoot, 'scripts/jest/longest-first.js'), 'utf8')
const named = [...list.matchAll(/^ {2}'(.+)',$/gm)].map(([, name = '']) => name)

test('the test files that run first exist, because jest ignores a missing name', () => {
  expect(named).toContain('faults/thousand-gates.test.ts')
  expect(named.filter(name => !existsSync(join(repositoryRoot, '__tests__', name)))).toStrictEqual([])
})
