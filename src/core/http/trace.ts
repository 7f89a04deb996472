import { requestIdsOf } from '../failures/failure.ts'
import type { Clock } from '../ports.ts'
import { inWords } from '../text/duration.ts'
import { plain } from '../text/untrusted.ts'
import type { Http, HttpReply, HttpRequest } from './client.ts'
import { NetworkFailure } from './network-failure.ts'

/**
 * Logs each request and its result for debugging. It leaves out headers, queries and bodies, so no token is printed.
 */
export function traced(http: Http, { now }: Pick<Clock, 'now'>, say: (line: string) => void): Http {
  return async request => {
    const startedAt = now()
    const tell = (outcome: string) =>
      say(`${addressOf(request)}: ${outcome} in ${inWords(now() - startedAt)}`)
    try {
      const reply = await http(request)
      tell(outcomeOf(reply))
      return reply
    } catch (error) {
      tell(error instanceof NetworkFailure ? error.code : 'no reply')
      throw error
    }
  }
}

function addressOf({ method, url, fresh }: HttpRequest): string {
  const { origin, pathname } = new URL(url)
  return `${method} ${origin}${plain(pathname, 300)}${fresh === true ? ' (on a new connection)' : ''}`
}

function outcomeOf(reply: HttpReply): string {
  const ids = Object.entries(requestIdsOf(reply)).map(([name, id]) => `${name} ${id}`)
  const connection = reply.connection === undefined ? [] : [`connection ${reply.connection}`]
  return [`${reply.status}`, ...connection, ...ids].join(', ')
}
