import { Agent, request } from 'undici'
import { edited } from '../../local-cloud/edit.ts'
import { createFaults, type FaultEffect } from '../../local-cloud/faults.ts'
import { startCounter, until } from './server-fixture.ts'

const { tls, clock, faults, journal, counter, send, url, close } = await startCounter()
const dispatcher = new Agent({ connect: { ca: tls.ca } })

beforeEach(() => {
  faults.clear()
  journal.clear()
})
afterAll(async () => {
  await dispatcher.destroy()
  await close()
})

const increment = () => send(`${url}/counter`, { method: 'POST' })
const inject = (effect: FaultEffect, more: { afterEffect?: boolean } = {}) =>
  faults.add({ name: 'injected', times: 1, effect, ...more })

describe('which requests are hit', () => {
  const target = {
    service: 'entra',
    operation: 'token',
    text: '/tenant/token\nscope=https://AI.azure.com',
  } as const
  const effect = { kind: 'hang' } as const
  const hits = (fault: object, times = 3) => {
    const all = createFaults()
    all.add({ name: 'fault', effect, ...fault })
    return Array.from({ length: times }, () => all.take(target) !== undefined)
  }

  test.each([
    ['all, without conditions', {}, [true, true, true]],
    ['those of its service', { service: 'entra' }, [true, true, true]],
    ['none of another service', { service: 'github' }, [false, false, false]],
    ['those of its operation', { operation: 'token' }, [true, true, true]],
    ['none of another operation', { operation: 'openid.keys' }, [false, false, false]],
    ['those that contain a text, in any case', { containing: 'https://ai.AZURE.com' }, [true, true, true]],
    ['none that do not contain the text', { containing: 'management' }, [false, false, false]],
    ['as many as `times` says', { times: 2 }, [true, true, false]],
    ['those after the skipped ones', { skip: 1, times: 1 }, [false, true, false]],
  ])('%s', (_, fault, expected) => {
    expect(hits(fault)).toEqual(expected)
  })

  test('the first fault that matches, then the next one when the first is used up', () => {
    const all = createFaults()
    all.add({ name: 'first', times: 1, effect })
    all.add({ name: 'second', effect })
    expect([all.take(target)?.name, all.take(target)?.name]).toEqual(['first', 'second'])
  })
})

describe('reply', () => {
  test('replaces the real reply, and the request has no effect', async () => {
    const before = counter.count()
    inject({ kind: 'reply', status: 503, headers: { 'retry-after': '7' }, body: { error: 'busy' } })
    expect(await increment()).toMatchObject({
      status: 503,
      headers: { 'retry-after': '7' },
      json: { error: 'busy' },
    })
    expect(counter.count()).toBe(before)
    expect(journal.entries).toMatchObject([
      { operation: 'counter.increment', status: 503, fault: 'injected' },
    ])
    expect(await increment()).toMatchObject({ status: 201 })
  })

  test('can come after the effect', async () => {
    const before = counter.count()
    inject({ kind: 'reply', status: 500 }, { afterEffect: true })
    expect(await increment()).toMatchObject({ status: 500, text: '' })
    expect(counter.count()).toBe(before + 1)
    expect(journal.entries).toMatchObject([{ caller: 'somebody', status: 500 }])
  })

  test('need not be JSON', async () => {
    inject({
      kind: 'reply',
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<h1>Bad Gateway</h1>',
    })
    expect(await increment()).toMatchObject({ status: 502, text: '<h1>Bad Gateway</h1>' })
  })
})

describe('delay', () => {
  test('lets the request through after the delay', async () => {
    faults.add({ name: 'injected', operation: 'counter.increment', effect: { kind: 'delay', ms: 90_000 } })
    const delayed = increment()
    await until(() => clock.sleeping === 1)
    expect(await send(`${url}/text`)).toMatchObject({ status: 200 })
    clock.advance(90_000)
    expect(await delayed).toMatchObject({ status: 201 })
    expect(journal.entries.map(({ operation, fault }) => [operation, fault])).toEqual([
      ['text.get', undefined],
      ['counter.increment', 'injected'],
    ])
  })

  test('can come after the effect', async () => {
    const before = counter.count()
    inject({ kind: 'delay', ms: 90_000 }, { afterEffect: true })
    const delayed = increment()
    await until(() => clock.sleeping === 1)
    expect(counter.count()).toBe(before + 1)
    expect(journal.entries).toEqual([])
    clock.advance(90_000)
    expect(await delayed).toMatchObject({ status: 201 })
    expect(counter.count()).toBe(before + 1)
  })
})

describe('reset', () => {
  const raw = () => request(`${url}/counter`, { method: 'POST', dispatcher })

  test.each([
    ['without the effect', false, 0],
    ['after the effect', true, 1],
  ])('before any byte, %s', async (_, afterEffect, effects) => {
    const before = counter.count()
    inject({ kind: 'reset', when: 'before' }, { afterEffect })
    await expect(raw()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(counter.count()).toBe(before + effects)
    expect(journal.entries).toMatchObject([{ status: null, fault: 'injected' }])
  })

  test('after the headers', async () => {
    inject({ kind: 'reset', when: 'headers' })
    const { statusCode, headers, body } = await raw()
    expect({ statusCode, headers }).toMatchObject({
      statusCode: 201,
      headers: { 'x-common': 'on every reply' },
    })
    await expect(body.text()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(journal.entries).toMatchObject([{ status: 201, fault: 'injected' }])
  })

  test('in the middle of the body', async () => {
    inject({ kind: 'reset', when: 'body' })
    const { statusCode, body } = await raw()
    const chunks: string[] = []
    const read = async () => {
      for await (const chunk of body.setEncoding('utf8')) chunks.push(chunk)
    }
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(statusCode).toBe(201)
    expect(chunks.join('')).toMatch(/^\{"cou/)
  })
})

describe('hang', () => {
  test.each([
    ['without the effect', false, 0],
    ['after the effect', true, 1],
  ])('never answers, %s', async (_, afterEffect, effects) => {
    const before = counter.count()
    const client = new AbortController()
    inject({ kind: 'hang' }, { afterEffect })
    const answer = send(`${url}/counter`, { method: 'POST', signal: client.signal })
    const rejected = expect(answer).rejects.toThrow('gave up')
    await until(() => journal.entries.length > 0)
    expect(journal.entries).toMatchObject([{ status: null, fault: 'injected' }])
    expect(counter.count()).toBe(before + effects)
    await until(() => clock.sleeping === 1)
    client.abort(new Error('gave up'))
    await rejected
    await until(() => clock.sleeping === 0)
  })
})

describe('drip', () => {
  test('sends the whole body, byte by byte', async () => {
    inject({ kind: 'drip', ms: 1 })
    const { statusCode, body } = await request(`${url}/groups/a/things/b`, { dispatcher })
    const chunks: string[] = []
    for await (const chunk of body.setEncoding('utf8')) chunks.push(chunk)
    expect(statusCode).toBe(200)
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.join('')).toBe('{"group":"a","thing":"b"}')
  })

  test('stops when the client goes away', async () => {
    const client = new AbortController()
    inject({ kind: 'drip', ms: 1 })
    const { body } = await request(`${url}/groups/a/things/b`, { dispatcher, signal: client.signal })
    client.abort(new Error('gave up'))
    await expect(body.text()).rejects.toThrow('gave up')
    await until(() => clock.sleeping === 0)
    expect(await send(`${url}/text`)).toMatchObject({ status: 200 })
  })
})

describe('truncate', () => {
  test('sends only the beginning, with a matching length', async () => {
    inject({ kind: 'truncate', bytes: 5 })
    const answer = await send(`${url}/groups/a/things/b`)
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '5' }, text: '{"gro' })
  })

  test('leaves a shorter body alone', async () => {
    inject({ kind: 'truncate', bytes: 5_000 })
    expect(await send(`${url}/text`)).toMatchObject({ text: 'plain text' })
  })
})

describe('headers', () => {
  test('replace the headers of the real reply', async () => {
    const before = counter.count()
    inject({
      kind: 'headers',
      headers: { 'content-type': 'text/plain', date: 'Thu, 01 Jan 2026 00:00:00 GMT' },
    })
    expect(await increment()).toMatchObject({
      status: 201,
      headers: {
        'content-type': 'text/plain',
        date: 'Thu, 01 Jan 2026 00:00:00 GMT',
        'x-common': 'on every reply',
      },
      json: { count: before + 1 },
    })
  })
})

describe('edit', () => {
  const after = async (effect: Omit<Extract<FaultEffect, { kind: 'edit' }>, 'kind'>) => {
    inject({ kind: 'edit', ...effect })
    return (await send(`${url}/groups/a/things/b`)).json
  }

  test.each<[string, Omit<Extract<FaultEffect, { kind: 'edit' }>, 'kind'>, unknown]>([
    ['a value', { path: ['group'], value: null }, { group: null, thing: 'b' }],
    ['a new value', { path: ['more'], value: [1] }, { group: 'a', thing: 'b', more: [1] }],
    ['removes a value', { path: ['group'] }, { thing: 'b' }],
    [
      'changes nothing at a path that does not exist',
      { path: ['x', 'y'], value: 1 },
      { group: 'a', thing: 'b' },
    ],
    ['the whole body', { path: [], value: ['c'] }, ['c']],
  ])('%s', async (_, effect, expected) => {
    expect(await after(effect)).toEqual(expected)
  })

  test('leaves a body that is not JSON unchanged', async () => {
    inject({ kind: 'edit', path: [], value: 1 })
    expect(await send(`${url}/text`)).toMatchObject({ text: 'plain text' })
  })

  test('reaches into lists and tokens', () => {
    const token = ['e30', Buffer.from('{"oid":"x","tid":"y"}').toString('base64url'), 'signature'].join('.')
    expect(edited({ value: [{ id: 1 }, 2] }, ['value', 0, 'id'], { value: 3 })).toEqual({
      value: [{ id: 3 }, 2],
    })
    const changed = edited({ token }, ['token', 'oid'], {})
    expect(changed).toEqual({
      token: ['e30', Buffer.from('{"tid":"y"}').toString('base64url'), 'signature'].join('.'),
    })
  })
})

describe('skew', () => {
  test.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('one reply has a date that is %s; other replies do not', async (_, ms) => {
    const minutesAhead = async () => {
      const { headers } = await increment()
      return Math.round((Date.parse(headers.date ?? '') - clock.now()) / 60_000)
    }
    inject({ kind: 'skew', ms })
    expect(await minutesAhead()).toBe(ms / 60_000)
    expect(Math.abs(await minutesAhead())).toBe(0)
  })
})
