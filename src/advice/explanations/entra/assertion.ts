import { shellWord } from '../../../core/text/untrusted.ts'
import { bash } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix } from '../explanation.ts'
import { valuesOf } from '../values.ts'

export const assertionExplanations = {
  'assertion-rejected': {
    title: 'Entra refused the OIDC token itself',
    why: told =>
      `Entra refused the form, the algorithm, the lifetime or the signature of the token. It comes from ${valuesOf(told).issuer}.`,
    unlike:
      "If Entra could not get the issuer's keys, the code is `issuer-keys-unavailable`; for a token outside its time range, `assertion-expired`.",
    fixes: told => [
      issuerDocument(told),
      advice(
        'Run the job again. If it persists, the token was not signed by this issuer, or not with RS256.',
      ),
    ],
  },
  'assertion-expired': {
    title: 'The OIDC token is outside its time range',
    why: () =>
      'GitHub tokens live five minutes, and this run asks for a new one in time. So the clock of the runner or of a private issuer is wrong, or the request was delayed.',
    unlike: 'An access token that has expired shows at the service that it is for, not here.',
    fixes: told => [
      bash(
        "See Entra's clock (the header date), and compare it with `date -u`, in a step of the same job",
        `curl --silent --head ${shellWord(valuesOf(told).authorityHost)}`,
      ),
      advice('Set the clock of the runner by NTP, and run the job again.'),
    ],
  },
  'issuer-keys-unavailable': {
    title: "Entra could not get the issuer's keys",
    why: told =>
      `To check the token, Entra fetches the keys of ${valuesOf(told).issuer} over the internet, but it did not find the one that signed the token. After the issuer changed its keys, this resolves by itself; a private issuer must be reachable from the internet.`,
    unlike: 'A wrong signature under a known key is `assertion-rejected`.',
    fixes: told => [issuerDocument(told), advice('Run the job again in some minutes.')],
  },
} satisfies Partial<Explanations<'entra'>>

function issuerDocument(told: ExplainContext): Fix {
  const { issuer } = valuesOf(told)
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`
  return bash('See what the issuer publishes', `curl --silent --show-error ${shellWord(url)}`)
}
