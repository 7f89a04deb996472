import type { CloudName } from '../azure/clouds.ts'
import type { Target } from '../gate/settings.ts'
import { parseOrigin } from './formats.ts'
import type { Reader } from './reader.ts'

interface Hosts {
  authorityHost: string | undefined
  resourceManagerEndpoint: string | undefined
}

export const readHosts = (reader: Reader): Hosts => ({
  authorityHost: reader.parsed('authority-host', parseOrigin),
  resourceManagerEndpoint: reader.parsed('resource-manager-endpoint', parseOrigin),
})

export function requireCustomHosts(reader: Reader, cloud: CloudName, target: Target): void {
  if (cloud !== 'custom') return
  const needed =
    target.kind === 'endpoint' ? ['authority-host'] : ['authority-host', 'resource-manager-endpoint']
  for (const name of needed) {
    if (reader.text(name) === undefined) reader.refuse(name, 'is missing; `cloud: custom` needs it')
  }
}
