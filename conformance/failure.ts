import { plain } from '../src/core/text/untrusted.ts'
import type { Environment } from './environment.ts'
import { type Known, refuseSecretsIn, sanitised } from './sanitise.ts'

/** Why a run ended early, in a line that anyone may read: live.yml puts it into an issue. */

/** What the environment says about a run that has opened no world. */
export function knownFrom(env: Environment): Known {
  const unknown = 'https://unknown.invalid'
  const requestUrl = env.ACTIONS_ID_TOKEN_REQUEST_URL ?? ''
  return {
    accountId: env.CONFORMANCE_RESOURCE_ID ?? env.LOCAL_CLOUD_RESOURCE_ID ?? '',
    tenantId: env.AZURE_TENANT_ID ?? '',
    clientId: env.AZURE_CLIENT_ID ?? '',
    principalId: '',
    hosts: { entra: unknown, resourceManager: unknown, graph: unknown, openAI: unknown, foundry: unknown },
    project: undefined,
    github: {
      requestUrl: URL.canParse(requestUrl) ? requestUrl : unknown,
      requestToken: env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '',
    },
    subject: '',
    assertion: '',
    foreignAssertion: '',
    tokens: new Map(),
  }
}

/** Of a job: GitHub's form of it names the repository. */
const subjects = /\brepo:[^\s'"]+/g
/** Hosts of anybody: after a scheme, with a port, or with three labels or more. Names of resource types have capitals. */
const hosts = /(?<=:\/\/)[^\s/'"]+|\b[a-z\d-]+(?:\.[a-z\d-]+)*:\d+\b|\b(?:[a-z\d-]+\.){2,}[a-z]{2,}\b/g
/** Hosts that every run asks. */
const wellKnown =
  /^(?:login\.microsoftonline|management\.azure|graph\.microsoft|learn\.microsoft)\.com$|\.actions\.githubusercontent\.com$/
const paths = /(?<![\w.])\/(?:home|Users|root|tmp|var|opt|mnt|private)\/[^\s'"]*/g

/** Characters: as many as a recording keeps of a message. */
const longest = 600

/** @param known of the world, or of the environment if the run opened none. Text that may identify anyone, or may be a secret, is withheld. */
export function failureLine(error: unknown, known: Known): string {
  const text = error instanceof Error ? error.message : String(error)
  const general = text
    .replace(subjects, 'SUBJECT')
    .replace(paths, 'PATH')
    .replace(hosts, host => (wellKnown.test(host) ? host : 'HOST'))
  return `The run ended before it had compared everything: ${plain(withoutSecrets(general, known), longest)}`
}

function withoutSecrets(text: string, known: Known): string {
  const shown = sanitised(text, known)
  try {
    refuseSecretsIn('the failure', [shown], known)
    return shown
  } catch {
    return 'WITHHELD'
  }
}
