import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

/**
 * Resolves a name to all its addresses, and begins with a different one each time, so that new connections reach every front end
 * behind the name. If the first address cannot be reached, the next one is tried.
 */
export function lookupInTurn(lookup: LookupFunction = systemLookup): LookupFunction {
  const turns = new Map<string, number>()
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : []
      const [first] = addresses
      if (error !== null || first === undefined) return callback(error, found)
      const turn = turns.get(hostname) ?? 0
      turns.set(hostname, turn + 1)
      const start = turn % addresses.length
      const inTurn = [...addresses.slice(start), ...addresses.slice(0, start)]
      if (options.all) return callback(null, inTurn)
      const { address, family } = inTurn[0] ?? first
      callback(null, address, family)
    })
  }
}
