import * as v from 'valibot'
import { type DiagnosisCode, diagnosisCodes } from '../../core/failures/codes.ts'

/** Kinds of fields, each with its description. */

export const codes: readonly DiagnosisCode[] = Object.values(diagnosisCodes).flat()

export const about = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.pipe(schema, v.description(description))

export const text = (description: string) => about(v.string(), description)

export const textOrNull = (description: string) => about(v.nullable(v.string()), description)

export const seconds = (description: string) => about(v.pipe(v.number(), v.minValue(0)), description)

export const instant = (description: string) => about(v.pipe(v.string(), v.isoTimestamp()), description)
