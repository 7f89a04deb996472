import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { repositoryRoot } from '../../scripts/tools.ts'

/** The schema as it is published. */
export const publishedSchema: object = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs/report.schema.json'), 'utf8'),
)

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: true })
addFormats.default(ajv)
const validate = ajv.compile(publishedSchema)

/** @param report As it is read from the file. */
export function expectValidReport(report: unknown): void {
  validate(report)
  expect(validate.errors ?? []).toEqual([])
}
