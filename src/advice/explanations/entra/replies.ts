import { takeTurns } from '../commands.ts'
import { advice, type Explanations } from '../explanation.ts'
import { valuesOf } from '../values.ts'

export const replyExplanations = {
  'entra-throttled': {
    title: 'Entra throttles the sign-in',
    why: () => 'There were too many sign-ins of this tenant or application, for longer than this run waits.',
    unlike: 'Entra did not check the credential, so it may be right.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'entra-unavailable': {
    title: 'Entra did not answer as expected',
    why: told =>
      `${valuesOf(told).authorityHost} failed several times: with an error of its own, or with a reply that is not Entra's, such as a proxy's page.`,
    unlike: 'A refusal by Entra has an AADSTS number and its own code.',
    fixes: () => [
      advice(
        'Run the job again. If it persists, look at https://azure.status.microsoft, and for a proxy on the way.',
      ),
    ],
  },
  'entra-rejected': {
    title: 'Entra refused the sign-in',
    why: ({ failure }) =>
      failure.said.status === undefined
        ? 'The reply has no token that names this identity. Entra never replies like that: something between the runner and Entra answers instead, or `authority-host` is not Entra.'
        : 'This action does not know the reason: see what Entra said.',
    unlike: 'Refusals with a known cause have their own codes.',
    fixes: ({ failure }) => [
      failure.said.status === undefined
        ? advice('Find out what answers there, and let the requests to Entra pass as they are.')
        : advice(`Look the number up: ${errorPage(failure.said.serviceCode)}`),
    ],
  },
} satisfies Partial<Explanations<'entra'>>

function errorPage(serviceCode: string | undefined): string {
  const number = /^AADSTS(\d+)$/.exec(serviceCode ?? '')?.[1]
  const page = 'https://login.microsoftonline.com/error'
  return number === undefined ? page : `${page}?code=${number}`
}
