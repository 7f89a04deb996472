import type { Exchange } from '../exchange.ts'
import type { World } from '../world.ts'

const tokenUrl = ({ github }: World, audience?: string) =>
  audience === undefined ? github.requestUrl : `${github.requestUrl}&audience=${encodeURIComponent(audience)}`

const bearer = (token: string) => ({ accept: 'application/json', authorization: `Bearer ${token}` })

/** GitHub's OIDC endpoint, as the runner hands it to a job. */
export const githubExchanges: readonly Exchange[] = [
  {
    name: 'github-token',
    service: 'github',
    purpose: 'What a token for the audience of Entra comes in',
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
    purpose: 'Whether a token comes without an audience asked for',
    needs: [],
    steps: world => ({
      requests: [{ method: 'GET', url: tokenUrl(world), headers: bearer(world.github.requestToken) }],
    }),
  },
  {
    name: 'github-token-not-signed-in',
    service: 'github',
    purpose: 'How a request token that is none is refused',
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
