import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { givenReportPath, ownReportPath, writeReportFile } from '../../src/report/report-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-report-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a planted link at the path is replaced; its target is left alone', () => {
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'precious')
  symlinkSync(victim, join(folder, 'report.json'))
  writeReportFile(join(folder, 'report.json'), '{}')
  expect(readFileSync(victim, 'utf8')).toBe('precious')
  expect(readFileSync(join(folder, 'report.json'), 'utf8')).toBe('{}')
  expect(readdirSync(folder).toSorted()).toEqual(['report.json', 'victim'])
})

test("a link at a step's default path makes it choose another path", () => {
  const env = { RUNNER_TEMP: folder, GITHUB_ACTION: 'gate' }
  symlinkSync(join(folder, 'nowhere'), join(folder, 'key-less-gate-report-gate.json'))
  expect(ownReportPath(env)).toBe(join(folder, 'key-less-gate-report-gate-2.json'))
})

test('a report that cannot be written leaves nothing behind', () => {
  const path = join(folder, 'taken')
  writeReportFile(join(path, 'report.json'), '{}')
  expect(() => writeReportFile(path, '{}')).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/)
  expect(readdirSync(folder)).toEqual(['taken'])
})

test.each([
  ['nothing', undefined, 'key-less-gate-report.json'],
  ['what paths are made of', '../a b/ü', 'key-less-gate-report-.._a_b__.json'],
])('the file name for a step is safe: %s', (_, step, name) => {
  expect(ownReportPath({ RUNNER_TEMP: folder, GITHUB_ACTION: step })).toBe(join(folder, name))
})

test('the same file has one owner, by any path', () => {
  const env = { RUNNER_TEMP: folder }
  const target = mkdtempSync(join(folder, 'target-'))
  symlinkSync(target, join(folder, 'link'))
  expect(givenReportPath(join(target, 'a.json'), env)).toBe(join(target, 'a.json'))
  expect(givenReportPath(join(target, 'b.json'), env)).toBe(join(target, 'b.json'))
  expect(() => givenReportPath(join(folder, 'link', 'a.json'), env)).toThrow('input-invalid')
})

test("without the job's temporary folder, the reports of other gates are not known", () => {
  expect(givenReportPath(join(folder, 'a.json'), {})).toBe(join(folder, 'a.json'))
  expect(givenReportPath(join(folder, 'a.json'), {})).toBe(join(folder, 'a.json'))
})
