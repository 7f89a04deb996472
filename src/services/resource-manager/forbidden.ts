import { type Failure, StepError } from '../../core/failures/failure.ts'

/**
 * Undefined if the caller has no right to read: unknown is not the same as absent.
 * @param onForbidden Gets the refusal then.
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
