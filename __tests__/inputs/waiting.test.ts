import { isReadAs, isRefused, type Texts } from './given.ts'

test.each<[string, Texts, object]>([
  ['seconds', { 'propagation-timeout': '90s' }, { waiting: { propagationTimeoutMs: 90_000 } }],
  ['minutes', { 'propagation-timeout': '15 M' }, { waiting: { propagationTimeoutMs: 900_000 } }],
  ['hours', { 'propagation-timeout': '1h' }, { waiting: { propagationTimeoutMs: 3_600_000 } }],
  ['no waiting at all', { 'propagation-timeout': '0s' }, { waiting: { propagationTimeoutMs: 0 } }],
  ['a limit for requests', { 'request-timeout': '1s' }, { waiting: { requestTimeoutMs: 1000 } }],
  ['successes in a row', { 'consecutive-successes': '1' }, { waiting: { consecutiveSuccesses: 1 } }],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  [
    'a duration without a unit',
    { 'propagation-timeout': '900' },
    /^`propagation-timeout` is "900", which is not a duration such as `90s`, `15m` or `1h`$/,
  ],
  [
    'a duration with a fraction',
    { 'propagation-timeout': '1.5h' },
    /^`propagation-timeout` is "1.5h", which is not a duration/,
  ],
  [
    'a negative duration',
    { 'request-timeout': '-1s' },
    /^`request-timeout` is "-1s", which is not a duration/,
  ],
  [
    'a duration of days',
    { 'propagation-timeout': '1d' },
    /^`propagation-timeout` is "1d", which is not a duration/,
  ],
  [
    'a duration that is too long',
    { 'propagation-timeout': '7h' },
    /^`propagation-timeout` is "7h", which is not between 0s and 360m$/,
  ],
  [
    'a duration that is too short',
    { 'request-timeout': '0s' },
    /^`request-timeout` is "0s", which is not between 1s and 10m$/,
  ],
  [
    'a number that is none',
    { 'consecutive-successes': '3.5' },
    /^`consecutive-successes` is "3.5", which is not a whole number from 1 to 20$/,
  ],
])('%s is refused', isRefused)
