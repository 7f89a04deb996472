import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'

/** Where the codes of each hop are produced. The tables in `codes-….test.ts` check by themselves that none is left out. */
const scenariosOf: Readonly<Record<string, string | readonly string[]>> = {
  input: 'inputs.test.ts',
  github: 'codes-github.test.ts',
  entra: 'codes-entra.test.ts',
  'resource-manager': 'codes-resource-manager.test.ts',
  inference: 'codes-inference.test.ts',
  network: 'network.test.ts',
  posture: 'codes-posture.test.ts',
  production: ['codes-production.test.ts', 'probe-app.test.ts'],
  action: 'unexpected.test.ts',
}

test('every hop has its scenarios', () => {
  expect(Object.keys(scenariosOf).toSorted()).toEqual(Object.keys(diagnosisCodes).toSorted())
})

test.each(Object.entries<readonly string[]>(diagnosisCodes))(
  'the scenarios of hop %s name each of its codes',
  (hop, codes) => {
    const files = [scenariosOf[hop] ?? []].flat()
    const text = files.map(file => readFileSync(join(import.meta.dirname, file), 'utf8')).join()
    expect(codes.filter(code => !text.includes(`'${code}'`))).toEqual([])
  },
)
