import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { givenReportPath, ownReportPath, writeReportFile } from '../../src/report/report-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-report-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a link that was planted at the path is replaced; what it leads to is left alone', () => {
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'precious')
  symlinkSync(victim, join(folder, 'report.json'))
  writeReportFile(join(folder, 'report.json'), '{}')
  expect(readFileSync(victim, 'utf8')).toBe('precious')
  expect(readFileSync(join(folder, 'report.json'), 'utf8')).toBe('{}')
  expect(readdirSync(folder).toSorted()).toEqual(['report.json', 'victim'])
})

test('a link at the path that a step would take is nobody’s: it takes another', () => {
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
])('a step is named by what a file may be named: %s', (_, step, name) => {
  expect(ownReportPath({ RUNNER_TEMP: folder, GITHUB_ACTION: step })).toBe(join(folder, name))
})

test('the same file has one owner, by whatever way it is named', () => {
  const env = { RUNNER_TEMP: folder }
  const target = mkdtempSync(join(folder, 'target-'))
  symlinkSync(target, join(folder, 'link'))
  expect(givenReportPath(join(target, 'a.json'), env)).toBe(join(target, 'a.json'))
  expect(givenReportPath(join(target, 'b.json'), env)).toBe(join(target, 'b.json'))
  expect(() => givenReportPath(join(folder, 'link', 'a.json'), env)).toThrow('input-invalid')
})

test('without a folder of the job nobody knows what other gates do', () => {
  expect(givenReportPath(join(folder, 'a.json'), {})).toBe(join(folder, 'a.json'))
  expect(givenReportPath(join(folder, 'a.json'), {})).toBe(join(folder, 'a.json'))
})
