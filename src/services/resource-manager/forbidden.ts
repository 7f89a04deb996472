import { type Failure, StepError } from '../../core/failures/failure.ts'

/**
 * Undefined where the caller may not read: unknown, which is not the same as absent.
 * @param onForbidden Told what was said then.
 */
export async function undefinedIfForbidden<T>(
  reading: Promise<T>,
  onForbidden?: (failure: Failure) => void,
): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof StepError) || error.failure.code !== 'resource-manager-forbidden') throw error
    onForbidden?.(error.failure)
    return undefined
  }
}
