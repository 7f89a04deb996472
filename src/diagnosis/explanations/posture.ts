import type { Facts } from '../../facts.ts'
import { accountIdOf, accountType } from '../../resource/resource-id.ts'
import { type Explanations, type Fix, paragraph, type Told } from '../explanation.ts'
import { accountOptions, az, azLine, bash, bicep, bicepLiteral } from './commands.ts'
import { waitLonger } from './denial.ts'
import { resourceValues } from './values.ts'

/** The one that changes nothing else (Azure/azure-policy, DisableLocalAuth_Modify.json). */
const policy = {
  name: 'Configure Cognitive Services accounts to disable local authentication methods',
  id: '14de9e63-1b31-492e-a5a3-c3f7fd57f555',
}

const accountId = (facts: Facts) => accountIdOf({ ...resourceValues(facts), project: undefined })

const accountVersion = '2025-06-01'

/** Without the version az asks for the resource provider, which a Cognitive Services Contributor may not read. */
const theAccount = (facts: Facts) => ({ ids: accountId(facts), 'api-version': accountVersion })

/** On one line. */
export const switchKeysOffCommand = (facts: Facts): string =>
  azLine('resource update', { ...theAccount(facts), set: 'properties.disableLocalAuth=true' })

/**
 * How key access is switched off: az command, Bicep, and the way through the portal. Documented are PowerShell, templates and a
 * policy (learn.microsoft.com, disable-local-auth); az reaches the same property of every kind of account.
 */
export function switchKeysOff(facts: Facts): Fix[] {
  const { resourceGroup, account } = resourceValues(facts)
  return [
    bash(
      'Azure CLI, for an Owner, Contributor or Cognitive Services Contributor',
      switchKeysOffCommand(facts),
    ),
    bicep(
      'Bicep, in the template that makes the account; what else stands there stays',
      [
        `resource account '${accountType}@${accountVersion}' = {`,
        `  name: ${bicepLiteral(account)}`,
        '  properties: {',
        '    disableLocalAuth: true',
        '  }',
        '}',
      ].join('\n'),
    ),
    {
      title: 'Portal',
      language: 'text',
      text: `Policy › Definitions › ${policy.name} (${policy.id}) › Assign › scope: the resource group ${resourceGroup} › Remediation: create a remediation task › Review + create. It switches keys off for every such resource of the group, ${account} among them, and keeps them off; on the pages of the resource itself no switch is documented.`,
    },
  ]
}

/** What takes this key alone its power, and needs no waiting; nobody but its owner knows which of the two it is. */
const regenerate = (facts: Facts): Fix =>
  bash(
    'Or make the key worthless: regenerate it (key1 or key2)',
    az('cognitiveservices account keys regenerate', accountOptions(resourceValues(facts)), {
      'key-name': '<KEY-NAME>',
    }),
  )

const seeKeyAccess = (facts: Facts): Fix =>
  bash(
    'See what Resource Manager says now',
    azLine('resource show', { ...theAccount(facts), query: 'properties.disableLocalAuth' }),
  )

/** Azure-Samples/azureai-model-inference-bicep, infra/modules/ai-services-template.bicep. */
export const invertedSample =
  "Where a template was meant to switch them off, look for an inversion: Microsoft's own key-less sample (azureai-model-inference-bicep) sets disableLocalAuth: allowKeys, so its allowKeys: false leaves them on."

function whyAccepted({ facts }: Told): string {
  switch (facts.account?.keyAccess) {
    case 'enabled':
      return paragraph(
        'Resource Manager says that key access is on, so every key of the resource opens its models, and no waiting changes that.',
        invertedSample,
      )
    case 'disabled':
      return `Resource Manager says that key access is off, and the data plane still took the key after ${inSeconds(facts)}. A switch-off gets there within minutes as a rule, and at times within hours.`
    default:
      return `Whether key access is off this run could not read from the account; the data plane still took the key after ${inSeconds(facts)}. A switch-off of the last hours may not have got there yet.`
  }
}

const inSeconds = ({ settings }: Facts) =>
  settings === undefined ? '<PROPAGATION-TIMEOUT>' : `${settings.waiting.propagationTimeoutMs / 1000} s`

function fixesOfAccepted({ facts }: Told): Fix[] {
  switch (facts.account?.keyAccess) {
    case 'enabled':
      return [...switchKeysOff(facts), regenerate(facts)]
    case 'disabled':
      return [waitLonger, seeKeyAccess(facts)]
    default:
      return [...switchKeysOff(facts), waitLonger, regenerate(facts)]
  }
}

export const postureExplanations: Explanations<'posture'> = {
  'keys-enabled': {
    title: 'The resource still accepts API keys',
    about: paragraph(
      "The account's `disableLocalAuth` is false, null or absent, which all mean that keys work, and `key-access` is `forbid`. Nothing was changed.",
      'Whoever holds a key needs no identity and no role.',
      invertedSample.replaceAll(/disableLocalAuth: allowKeys|allowKeys: false/g, '`$&`'),
    ),
    why: () =>
      paragraph(
        'disableLocalAuth of the account is false or not set, and either means that keys work: whoever holds one needs no identity and no role. key-access: forbid does not allow that, and nothing was changed.',
        invertedSample,
      ),
    unlike:
      'Resource Manager tells of a switch-off at once. Where it says that keys are off and the data plane still takes one, the code is `retired-key-accepted`.',
    fixes: ({ facts }) => switchKeysOff(facts),
  },
  'retired-key-accepted': {
    title: 'A key that must be refused was accepted',
    about: paragraph(
      'A call with `retired-key` got as far as the model. Where Resource Manager says that key access is off, or may not be asked, the refusal was waited for until `propagation-timeout` was over: a switch-off takes minutes to hours to reach the data plane.',
      'Where Resource Manager says that key access is on, waiting is in vain, and the run fails at once.',
    ),
    why: whyAccepted,
    unlike:
      'A reply that says nothing about the key, such as that of a network rule or an outage, keeps the code that it has elsewhere. A 403 `AuthenticationTypeDisabled` means that key access is off, a 401 that this key is none of the resource: both pass.',
    fixes: fixesOfAccepted,
  },
}
