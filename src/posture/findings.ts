import type { Facts } from '../facts.ts'
import type { Finding } from './finding.ts'

/** What a run leaves to be desired, the gravest first: a pure reading of the facts. */
export function findingsOf({ account, settings }: Facts): Finding[] {
  if (account?.keyAccess !== 'enabled' || settings?.keys.access === 'ignore') return []
  return [
    {
      id: 'keys-enabled',
      severity: 'high',
      title: 'The resource still accepts API keys',
      detail: 'Whoever holds a key needs no identity.',
      fixes: [],
    },
  ]
}
