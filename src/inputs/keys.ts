import { keyAccessPolicies, type Settings } from '../gate/settings.ts'
import type { Reader } from './reader.ts'

/** A key that fits into a header. No message quotes it, because it is a secret even if it is retired. */
const keyPattern = /^[\x21-\x7e]{8,512}$/

export function readKeys(reader: Reader): Settings['keys'] {
  const retired = reader.text('retired-key')
  if (retired !== undefined && !keyPattern.test(retired))
    reader.refuse('retired-key', 'is not an API key: a key has no spaces and no line breaks')
  return { access: reader.choice('key-access', keyAccessPolicies, 'warn'), retired }
}
