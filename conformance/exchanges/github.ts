import type { Exchange } from '../exchange.ts'
import type { World } from '../world.ts'

const tokenUrl = ({ github }: World, audience?: string) =>
  audience === undefined ? github.requestUrl : `${github.requestUrl}&audience=${encodeURIComponent(audience)}`

const bearer = (token: string) => ({ accept: 'application/json', authorization: `Bearer ${token}` })

/** GitHub's OIDC endpoint, as the runner gives it to a job. */
export const githubExchanges: readonly Exchange[] = [
  {
    name: 'github-token',
    service: 'github',
    purpose: 'What the reply with a token for Entra looks like',
    needs: [],
    steps: world => ({
      requests: [
        {
          method: 'GET',
          url: tokenUrl(world, 'api://AzureADTokenExchange'),
          headers: bearer(world.github.requestToken),
        },
      ],
    }),
  },
  {
    name: 'github-token-without-audience',
    service: 'github',
    purpose: 'Whether a request without an audience gets a token',
    needs: [],
    steps: world => ({
      requests: [{ method: 'GET', url: tokenUrl(world), headers: bearer(world.github.requestToken) }],
    }),
  },
  {
    name: 'github-token-not-signed-in',
    service: 'github',
    purpose: 'How an invalid request token is refused',
    needs: [],
    steps: world => ({
      requests: [
        {
          method: 'GET',
          url: tokenUrl(world, 'api://AzureADTokenExchange'),
          headers: bearer('not-a-token'),
        },
      ],
    }),
  },
]
