import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { repositoryRoot } from '../../scripts/tools.ts'

/** The schema as it is published. */
export const publishedSchema: object = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs/report.schema.json'), 'utf8'),
)

let validator: ValidateFunction | undefined

/** Made when the first report comes: it takes longer than the rest of what many test files load. */
function reportValidator(): ValidateFunction {
  if (validator !== undefined) return validator
  // A test file has few reports: to optimize the code that checks them takes longer than it saves.
  const code = { optimize: false }
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: true, code })
  addFormats.default(ajv)
  validator = ajv.compile(publishedSchema)
  return validator
}

/** @param report As it is read from the file. */
export function expectValidReport(report: unknown): void {
  const validate = reportValidator()
  validate(report)
  expect(validate.errors ?? []).toEqual([])
}
