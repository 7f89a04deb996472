import { NetworkFailure } from '../../../src/core/http/network-failure.ts'
import { proxyFor, proxySecrets } from '../../../src/core/http/proxy.ts'
import { unusableAddresses } from '../../attacks/proxies.ts'

const target = new URL('https://contoso.openai.azure.com/openai/v1/responses')
const address = 'http://proxy.contoso.example:3128'

const proxyHost = (env: Record<string, string>, to = target) => proxyFor(to, env)?.host

describe('which variable counts', () => {
  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY: address }, 'proxy.contoso.example:3128'],
    [{ https_proxy: address }, 'proxy.contoso.example:3128'],
    [{ ALL_PROXY: address }, 'proxy.contoso.example:3128'],
    [{ all_proxy: address }, 'proxy.contoso.example:3128'],
    [{ https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1', ALL_PROXY: 'http://all:1' }, 'lower:1'],
    [{ HTTPS_PROXY: 'http://upper:1', all_proxy: 'http://all:1' }, 'upper:1'],
    [{ https_proxy: '', HTTPS_PROXY: address }, 'proxy.contoso.example:3128'],
    [{ HTTP_PROXY: address, http_proxy: address }, undefined],
  ])('%j', (env, expected) => {
    expect(proxyHost(env)).toBe(expected)
  })
})

describe('what NO_PROXY exempts', () => {
  test.each([
    ['*', true],
    ['contoso.openai.azure.com', true],
    ['CONTOSO.OpenAI.azure.com', true],
    ['openai.azure.com', true],
    ['.openai.azure.com', true],
    ['*.openai.azure.com', true],
    ['localhost, 127.0.0.1,openai.azure.com', true],
    ['localhost 127.0.0.1\topenai.azure.com', true],
    ['openai.azure.com:443', true],
    ['openai.azure.com:8443', false],
    ['ai.azure.com', false],
    ['azure.co', false],
    ['contoso.openai.azure.com.example', false],
    [',', false],
    ['', false],
  ])('%s', (noProxy, exempt) => {
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(proxyHost({ HTTPS_PROXY: address, [name]: noProxy }) === undefined).toBe(exempt)
  })

  test('an address of IPv6, with and without its port', () => {
    const loopback = new URL('https://[::1]:8443/')
    for (const noProxy of ['::1', '[::1]', '[::1]:8443'])
      expect(proxyHost({ HTTPS_PROXY: address, NO_PROXY: noProxy }, loopback)).toBeUndefined()
    expect(proxyHost({ HTTPS_PROXY: address, NO_PROXY: '[::1]:443' }, loopback)).toBeDefined()
  })

  test('an unusable proxy does not matter if no request goes through it', () => {
    expect(proxyHost({ HTTPS_PROXY: 'socks5://127.0.0.1', NO_PROXY: '*' })).toBeUndefined()
  })
})

describe('the address', () => {
  test.each([
    ['proxy:3128', { host: 'proxy:3128', hostname: 'proxy', port: 3128, secure: false }],
    ['http://proxy', { host: 'proxy', hostname: 'proxy', port: 80, secure: false }],
    ['https://proxy/', { host: 'proxy', hostname: 'proxy', port: 443, secure: true }],
    [' HTTP://proxy:8080 ', { host: 'proxy:8080', hostname: 'proxy', port: 8080, secure: false }],
    ['http://[::1]:8080', { host: '[::1]:8080', hostname: '::1', port: 8080, secure: false }],
  ])('%s', (HTTPS_PROXY, expected) => {
    expect(proxyFor(target, { HTTPS_PROXY })).toEqual({ ...expected, authorization: undefined })
  })

  test.each([
    ['pipeline:open-sesame@proxy', 'pipeline:open-sesame'],
    ['http://pipeline:p%40ss%3Aword@proxy', 'pipeline:p@ss:word'],
    ['http://pipeline:100%@proxy', 'pipeline:100%'],
    ['http://pipeline@proxy', 'pipeline:'],
    ['http://:token@proxy', ':token'],
    ['http://pipeline:pass w\u00f6rd@proxy', 'pipeline:pass w\u00f6rd'],
  ])('credentials of %s', (HTTPS_PROXY, credentials) => {
    const basic = `Basic ${Buffer.from(credentials).toString('base64')}`
    expect(proxyFor(target, { HTTPS_PROXY })?.authorization).toBe(basic)
  })

  test.each(unusableAddresses)(
    '%s cannot be used; it is said which variable holds it, and nothing of a password',
    https_proxy => {
      const attempt = () => proxyFor(target, { https_proxy })
      expect(attempt).toThrow(NetworkFailure)
      expect(attempt).toThrow(/^https_proxy (is not|names)/)
      expect(attempt).not.toThrow(/sesame|pipeline/)
    },
  )
})

describe('secrets of proxies', () => {
  test.each([
    ['http://proxy:3128', []],
    ['http://pipeline:open-sesame@proxy', ['open-sesame', btoa('pipeline:open-sesame')]],
    ['pipeline:open-sesame@proxy:1', ['open-sesame', btoa('pipeline:open-sesame')]],
    ['http://pipeline:p%40ss@proxy', ['p%40ss', 'p@ss', btoa('pipeline:p@ss')]],
    ['http://pipeline:p ss@proxy', ['p ss', 'p%20ss', btoa('pipeline:p ss')]],
    ['http://pipeline@proxy', [btoa('pipeline:')]],
    ['http://pipeline:1/open-sesame@proxy', ['http://pipeline:1/open-sesame@proxy']],
  ])('%s', (address, secrets) => {
    expect(proxySecrets({ ALL_PROXY: address }).toSorted()).toEqual(secrets.toSorted())
  })

  test('of every variable, no matter which one counts', () => {
    const env = { https_proxy: 'http://a:one@proxy', all_proxy: 'http://b:two@proxy' }
    expect(proxySecrets(env)).toEqual(expect.arrayContaining(['one', 'two']))
  })
})
