import type { LookupFunction } from 'node:net'
import { lookupInTurn } from '../../../src/core/http/lookup.ts'

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(address => ({ address, family: 4 }))
const resolving: LookupFunction = (_, __, callback) => callback(null, addresses)

const resolve = (lookup: LookupFunction, host: string, all: boolean) =>
  new Promise(done =>
    lookup(host, { all }, (error, found, family) => done(error ?? (all ? found : [found, family]))),
  )

test('each connection starts with the next address, and goes on to the others', async () => {
  const lookup = lookupInTurn(resolving)
  const [a, b, c] = addresses

  expect(await resolve(lookup, 'one.example', true)).toEqual([a, b, c])
  expect(await resolve(lookup, 'one.example', true)).toEqual([b, c, a])
  expect(await resolve(lookup, 'other.example', true)).toEqual([a, b, c])
  expect(await resolve(lookup, 'one.example', false)).toEqual(['10.0.0.3', 4])
  expect(await resolve(lookup, 'one.example', false)).toEqual(['10.0.0.1', 4])
})

test('a name that does not resolve stays an error', async () => {
  const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  const lookup = lookupInTurn((_, __, callback) => callback(error, []))

  expect(await resolve(lookup, 'none.example', true)).toBe(error)
})
