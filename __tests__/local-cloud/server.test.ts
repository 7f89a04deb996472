import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { openServer } from '../../local-cloud/server.ts'
import { startCounter, until } from './server-fixture.ts'

const { tls, clock, faults, journal, server, counter, client, send, url, close } = await startCounter()

beforeEach(() => journal.clear())
afterAll(close)

describe('certificates', () => {
  const authority = new X509Certificate(tls.ca)
  const certificate = new X509Certificate(tls.cert)

  test('the authority signed the certificate of the server', () => {
    expect(authority.ca).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.checkIssued(authority)).toBe(true)
    expect(certificate.verify(authority.publicKey)).toBe(true)
  })

  test('the certificate is for every name of this machine', () => {
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkIP('::1')).toBe('::1')
    expect(certificate.checkHost('localhost')).toBe('localhost')
    expect(certificate.checkHost('example.com')).toBeUndefined()
  })

  test('a client that does not trust the authority is not served', async () => {
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    expect(journal.entries).toEqual([])
  })
})

describe('routing', () => {
  test('path parameters are percent-decoded, and paths match in any case', async () => {
    const answer = await send(`${url}/GROUPS/one%20group/Things/a%2Fb`)
    expect(answer).toMatchObject({ status: 200, json: { group: 'one group', thing: 'a/b' } })
  })

  test('doubled slashes count as one', async () => {
    expect(await send(`${url}//groups//one/things/two`)).toMatchObject({
      status: 200,
      json: { group: 'one', thing: 'two' },
    })
  })

  test('a malformed escape stays as it is', async () => {
    expect(await send(`${url}/groups/100%/things/x`)).toMatchObject({ status: 200, json: { group: '100%' } })
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)(
    '%s of a path that only has GET is not found',
    async method => {
      expect(await send(`${url}/text`, { method })).toMatchObject({
        status: 404,
        json: { method, path: '/text' },
      })
    },
  )

  test('HEAD is a GET without the body', async () => {
    const answer = await send(`${url}/text`, { method: 'HEAD' })
    expect(answer).toMatchObject({ status: 200, text: '', headers: { 'content-length': '10' } })
    expect(journal.entries).toMatchObject([{ method: 'HEAD', operation: 'text.get' }])
  })
})

describe('replies', () => {
  test('an object is sent as JSON, with the headers of the service', async () => {
    const answer = await send(`${url}/groups/a/things/b`)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-common': 'on every reply',
    })
  })

  test('a string is sent unchanged', async () => {
    const answer = await send(`${url}/text`)
    expect(answer).toMatchObject({ text: 'plain text', headers: { 'content-type': 'text/plain' } })
  })

  test('pieces are sent as chunks, with a pause between them', async () => {
    const pauses: number[] = []
    const pacing = {
      ...clock,
      now: clock.now,
      async sleep(ms: number, signal: AbortSignal) {
        pauses.push(ms)
        await clock.sleep(0, signal)
      },
    }
    const slow = await openServer({ tls, port: 0, clock: pacing, faults, journal })
    slow.serve(counter)
    const text = await rawAnswer(slow.url, '/stream')
    await slow.close()
    expect(text).toContain('Transfer-Encoding: chunked')
    expect(text.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe(
      '5\r\none\n\n\r\n8\r\nzwölf\n\n\r\n0\r\n\r\n',
    )
    expect(pauses).toEqual([expect.any(Number), expect.any(Number)])
  })

  test('a fault that truncates or slows a reply in pieces applies to the whole', async () => {
    for (const effect of [{ kind: 'truncate', bytes: 7 } as const, { kind: 'drip', ms: 0 } as const]) {
      faults.add({ name: effect.kind, times: 1, effect })
      const whole = 'one\n\nzwölf\n\n'
      expect((await send(`${url}/stream`)).text).toBe(effect.kind === 'drip' ? whole : whole.slice(0, 7))
    }
  })

  test('204 has neither a body nor a length', async () => {
    const answer = await send(`${url}/nothing`)
    expect(answer).toMatchObject({ status: 204, text: '' })
    expect(answer.headers).not.toHaveProperty('content-length')
  })

  test('a handler that throws answers 500, and the journal says why', async () => {
    const answer = await send(`${url}/defect`)
    expect(answer).toMatchObject({
      status: 500,
      headers: { 'x-common': 'on every reply' },
      json: { error: { message: expect.stringContaining('this handler is broken') } },
    })
    expect(journal.entries).toMatchObject([
      { status: 500, failure: expect.stringContaining('this handler is broken') },
    ])
  })

  test('a reply that cannot be sent answers 500', async () => {
    faults.add({
      name: 'bad',
      times: 1,
      effect: { kind: 'reply', status: 200, headers: { 'x-bad': 'two\nlines' } },
    })
    expect(await send(`${url}/text`)).toMatchObject({ status: 500 })
    expect(journal.entries).toMatchObject([
      { failure: expect.stringContaining('Invalid character in header') },
    ])
  })

  test('a body beyond 4 MiB is refused and takes no effect', async () => {
    const before = counter.count()
    const answer = await send(`${url}/counter`, { method: 'POST', body: 'x'.repeat(4 * 1024 * 1024 + 1) })
    expect(answer.status).toBe(413)
    expect(counter.count()).toBe(before)
  })

  test('a body of 4 MiB is accepted', async () => {
    const body = 'x'.repeat(4 * 1024 * 1024)
    expect(await send(`${url}/counter`, { method: 'POST', body })).toMatchObject({ status: 201 })
    expect(journal.entries[0]?.body).toHaveLength(body.length)
  })
})

describe('journal', () => {
  test('has one entry per request, before the reply arrives', async () => {
    clock.advance(5_000)
    await send(`${url}//counter?once=1`, { method: 'POST', headers: { 'X-Name': 'value' }, body: 'a body' })
    expect(journal.entries).toEqual([
      {
        at: expect.any(Number),
        service: 'github',
        operation: 'counter.increment',
        method: 'POST',
        host: new URL(url).host,
        target: '//counter?once=1',
        headers: expect.objectContaining({ 'x-name': 'value' }),
        body: 'a body',
        caller: 'somebody',
        status: 201,
      },
    ])
    expect(journal.entries[0]?.at).toBeGreaterThan(Date.now())
  })

  test('has requests that no route matches', async () => {
    await send(`${url}/no/such/place`)
    expect(journal.entries).toMatchObject([{ operation: 'unknown', status: 404 }])
  })

  test('has a request whose client left before it was complete, which has no effect', async () => {
    const before = counter.count()
    const { port } = new URL(url)
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: tls.ca })
    socket.write('POST /counter HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this', () =>
      socket.destroy(),
    )
    await until(() => journal.entries.length > 0)
    expect(journal.entries).toMatchObject([
      { operation: 'counter.increment', body: 'only this', status: null },
    ])
    expect(counter.count()).toBe(before)
  })
})

describe('lifetime', () => {
  test('a connection is kept for as long as the client likes', async () => {
    // Node names here after how many idle seconds it would close the connection.
    expect((await send(`${url}/text`)).headers).not.toHaveProperty('keep-alive')
  })

  test('a port in use is an error that names it', async () => {
    const { port } = new URL(url)
    await expect(openServer({ tls, port: Number(port), clock, faults, journal })).rejects.toThrow(
      `EADDRINUSE: address already in use 127.0.0.1:${port}`,
    )
  })

  test('requests that come before the service wait for it', async () => {
    const early = await openServer({ tls, port: 0, clock, faults, journal })
    const answer = client.send(`${early.url}/text`)
    early.serve(counter)
    await expect(answer).resolves.toMatchObject({ text: 'plain text' })
    await early.close()
  })

  test('a service can be replaced', async () => {
    server.serve({ ...counter, routes: [] })
    expect(await send(`${url}/text`)).toMatchObject({ status: 404 })
    server.serve(counter)
    expect(await send(`${url}/text`)).toMatchObject({ status: 200 })
  })

  test('closing ends idle, hanging and waiting connections', async () => {
    const closing = await startCounter()
    closing.faults.add({ name: 'never', operation: 'text.get', effect: { kind: 'hang' } })
    closing.faults.add({
      name: 'later',
      operation: 'counter.increment',
      afterEffect: true,
      effect: { kind: 'delay', ms: 600_000 },
    })
    await closing.send(`${closing.url}/groups/a/things/b`)
    const hanging = closing.send(`${closing.url}/text`)
    const waiting = closing.send(`${closing.url}/counter`, { method: 'POST' })
    const failures = Promise.allSettled([hanging, waiting])
    await until(() => closing.journal.entries.length === 2 && closing.counter.count() === 1)
    await closing.server.close()
    expect(await failures).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
    await closing.client.close()
    await until(() => closing.journal.entries.length === 3)
    expect(closing.journal.entries.map(({ status }) => status)).toEqual([200, null, null])
  })
})

/** All that comes over the wire for a GET, from the status line to the end. */
function rawAnswer(origin: string, path: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: tls.ca, servername: 'localhost' })
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', data => {
      text += data
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(text))
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  })
}
