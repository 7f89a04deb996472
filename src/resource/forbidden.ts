import { StepFailure } from '../diagnosis/verdict.ts'

/** Undefined where the caller may not read: unknown, which is not the same as absent. */
export async function unlessForbidden<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof StepFailure && error.refusal.code === 'resource-manager-forbidden') return undefined
    throw error
  }
}
