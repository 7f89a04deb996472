import type { Settings } from '../gate/settings.ts'
import { duration, hour, minute, second, wholeNumber } from './formats.ts'
import type { Reader } from './reader.ts'

export const readWaiting = (reader: Reader): Settings['waiting'] => ({
  propagationTimeoutMs: reader.parsed('propagation-timeout', duration(0, 6 * hour)) ?? 15 * minute,
  consecutiveSuccesses: reader.parsed('consecutive-successes', wholeNumber(1, 20)) ?? 3,
  requestTimeoutMs: reader.parsed('request-timeout', duration(second, 10 * minute)) ?? 30 * second,
})
