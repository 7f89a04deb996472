import type { Conduct } from '../support/proxy.ts'

/** What a proxy on the way does, and what the run ends with. One that hangs does so until it is left. */
export const misbehaving: ReadonlyArray<
  readonly [string, Exclude<Conduct, { kind: 'hang' }> | 'hangs', string]
> = [
  ['closes the connection', { kind: 'close' }, 'proxy-refused'],
  ['answers with something that is not HTTP', { kind: 'garbage' }, 'proxy-refused'],
  ['answers 502', { kind: 'refuse', status: 502 }, 'proxy-refused'],
  ['sends the CONNECT elsewhere', { kind: 'refuse', status: 302 }, 'proxy-refused'],
  ['never answers', 'hangs', 'request-timeout'],
]

/** Addresses of proxies that cannot be used: nothing may go around them, and no password be told. */
export const unusableAddresses: readonly string[] = [
  'http://',
  'http://proxy:notaport',
  'socks5://pipeline:open-sesame@proxy:1080',
  'http://pipeline:open#sesame@proxy:3128',
  'http://pipeline:1/open-sesame@proxy:3128',
  'http://pipeline:1?open-sesame@proxy:3128',
  'http://pipeline:1#open-sesame@proxy:3128',
]
