import { accountsApiVersion } from '../../azure/api-versions.ts'
import { accountType } from '../../azure/resource-id.ts'
import { inWords } from '../../core/text/duration.ts'
import type { RunRecord } from '../../gate/record.ts'
import { accountOptions, az, azLine, bash, bicep, bicepLiteral } from './commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from './explanation.ts'
import { callTheResource } from './foreign-endpoint.ts'
import { waitLonger } from './inference/denial.ts'
import { endingWithin, fewerDays, listModels, moveEnding, retirementInWords } from './models.ts'
import { accountId, resourceValues } from './values.ts'

/** The policy that changes nothing else (Azure/azure-policy, DisableLocalAuth_Modify.json). */
const policy = {
  name: 'Configure Cognitive Services accounts to disable local authentication methods',
  id: '14de9e63-1b31-492e-a5a3-c3f7fd57f555',
}

/** The options that name the resource. */
type Resource = Parameters<typeof resourceValues>[0]

/** Without the version, az reads the resource provider, which a Cognitive Services Contributor cannot read. */
const theAccount = (record: Resource) => ({ ids: accountId(record), 'api-version': accountsApiVersion })

/** As one line. */
export const switchKeysOffCommand = (record: Resource): string =>
  azLine('resource update', { ...theAccount(record), set: 'properties.disableLocalAuth=true' })

/**
 * How to switch key access off: az command, Bicep, and the steps in the portal. Microsoft documents PowerShell, templates and a
 * policy (learn.microsoft.com, disable-local-auth). az sets the same property on every kind of account.
 */
export function switchKeysOff(record: RunRecord): Fix[] {
  const { resourceGroup, account } = resourceValues(record)
  return [
    bash(
      'Switch keys off (Azure CLI, as Owner, Contributor or Cognitive Services Contributor)',
      switchKeysOffCommand(record),
    ),
    bicep(
      "The same in Bicep, added to what the account's template has",
      [
        `resource account '${accountType}@${accountsApiVersion}' = {`,
        `  name: ${bicepLiteral(account)}`,
        '  properties: {',
        '    disableLocalAuth: true',
        '  }',
        '}',
      ].join('\n'),
    ),
    {
      title: 'The same in the portal',
      language: 'text',
      text: `Policy › Definitions › ${policy.name} (${policy.id}) › Assign › scope: the resource group ${resourceGroup} › Remediation: create a remediation task › Review + create. It switches keys off for every such resource of the group, ${account} among them, and keeps them off. The pages of the resource itself have no documented switch.`,
    },
  ]
}

/** Regenerating invalidates only this key, at once. Only its owner knows which of the two keys it is. */
const regenerate = (record: RunRecord): Fix =>
  bash(
    'Or regenerate the key (key1 or key2), so that this one stops working',
    az('cognitiveservices account keys regenerate', accountOptions(resourceValues(record)), {
      'key-name': '<KEY-NAME>',
    }),
  )

const seeKeyAccess = (record: RunRecord): Fix =>
  bash(
    'See what Resource Manager says now',
    azLine('resource show', { ...theAccount(record), query: 'properties.disableLocalAuth' }),
  )

/** Azure-Samples/azureai-model-inference-bicep, infra/modules/ai-services-template.bicep. */
export const invertedSample =
  "If a template was meant to switch them off, look for an inverted switch: Microsoft's own key-less sample (azureai-model-inference-bicep) sets disableLocalAuth: allowKeys, so its allowKeys: false leaves keys on."

function whyAccepted({ record }: ExplainContext): string {
  switch (record.account?.keyAccess) {
    case 'enabled':
      return paragraph(
        'Resource Manager says that key access is on: every key of the resource works, and waiting does not change that.',
        invertedSample,
      )
    case 'disabled':
      return `Resource Manager says that key access is off, but the data plane still accepted the key after ${waited(record)}. A switch-off usually takes effect within minutes, sometimes hours.`
    default:
      return `The run could not read from the account whether key access is off; the data plane still accepted the key after ${waited(record)}. A switch-off in the last hours may not have taken effect yet.`
  }
}

const waited = ({ settings }: RunRecord) =>
  settings === undefined ? '<PROPAGATION-TIMEOUT>' : inWords(settings.waiting.propagationTimeoutMs)

function fixesOfAccepted({ record }: ExplainContext): Fix[] {
  switch (record.account?.keyAccess) {
    case 'enabled':
      return [...switchKeysOff(record), regenerate(record)]
    case 'disabled':
      return [...waitLonger({ record }), seeKeyAccess(record)]
    default:
      return [...switchKeysOff(record), ...waitLonger({ record }), regenerate(record)]
  }
}

/** Only a key was checked, and it was not a key of this resource. */
const isNotShown = ({ account, retiredKey }: RunRecord) =>
  account === undefined && retiredKey?.outcome === 'key-invalid'

/** For a retired key that was refused as a wrong key. */
export const retireOwnKey = advice(
  'Switch key access off, and give one of the two keys that the resource has now as retired-key: the resource must refuse it because keys are off, not because it is the wrong key.',
)

const daysAsked = ({ settings }: RunRecord) => settings?.models.daysLeft ?? 0

const demandOn = ({ settings }: RunRecord) =>
  settings?.keys.access === 'forbid' || settings === undefined
    ? '`key-access: forbid` requires that no key works where the calls go.'
    : 'The retired key belongs to the resource, so it was not sent.'

/** The explanation of `finding-forbidden` is beside the findings, in findings/forbidden.ts. */
export const postureExplanations: Omit<Explanations<'posture'>, 'finding-forbidden'> = {
  'keys-enabled': {
    title: 'The resource accepts API keys, or may accept them',
    about: paragraph(
      "The account's `disableLocalAuth` is false, null or absent, which all mean that keys work, and `key-access` is `forbid`.",
      'Anyone who holds a key needs no identity and no role.',
      'Or the gate cannot read the account, and `retired-key` was refused only because it is not a key of this resource: the keys that it has now may work.',
      invertedSample.replaceAll(/disableLocalAuth: allowKeys|allowKeys: false/g, '`$&`'),
    ),
    why: ({ record }) =>
      isNotShown(record)
        ? '`key-access: forbid` requires that no key works. The retired key was refused only because it is not a key of this resource: the keys that it has now may work.'
        : paragraph(
            'disableLocalAuth of the account is false or not set, so keys work: anyone who holds one needs no identity and no role. `key-access: forbid` does not allow that. No role was granted.',
            invertedSample,
          ),
    unlike:
      'Resource Manager shows a switch-off at once. If it says that keys are off but the data plane still accepts one, the code is `retired-key-accepted`.',
    fixes: ({ record }) => [...(isNotShown(record) ? [retireOwnKey] : []), ...switchKeysOff(record)],
  },
  'retired-key-accepted': {
    title: 'The retired key still works',
    about: paragraph(
      'A call with `retired-key` reached the model. If Resource Manager says that key access is off, or the run cannot ask it, the run waits for the refusal until `propagation-timeout` is over: a switch-off takes minutes to hours to reach the data plane.',
      'If Resource Manager says that key access is on, the run fails at once.',
    ),
    why: whyAccepted,
    unlike:
      'A reply that says nothing about the key, such as an outage, has its own code. A 403 `AuthenticationTypeDisabled` (key access is off) passes; so does a 401 (not a key of this resource), unless `key-access: forbid` has no other evidence.',
    fixes: fixesOfAccepted,
  },
  'endpoint-of-another-resource': {
    title: 'The called endpoint does not belong to the resource',
    about:
      'The inputs name the resource and an `endpoint`, and the host of `endpoint` does not belong to the account. The gate fails then with `key-access: forbid`, because the key access of the account says nothing about another resource or a gateway; and with `retired-key`, because that key goes only to the resource. The gate compares names, not addresses, so a private endpoint belongs to the resource.',
    why: ({ record }) =>
      `${demandOn(record)} What Resource Manager says is about ${resourceValues(record).account}, but the calls went to a host that does not belong to it: another resource, or a gateway. Gate a gateway in two steps: first the resource without it, then its endpoint alone. No role was granted.`,
    unlike:
      "`endpoint-untrusted` means that Resource Manager itself reports a host outside the cloud. Here the host is the input's. Without `key-access: forbid` and `retired-key` this is only a finding.",
    fixes: ({ record }) => callTheResource(record),
  },
  'model-retires-soon': {
    title: 'A model retires soon, or it is not known whether it does',
    about: paragraph(
      '`model-days-left` is set, and the model of a deployment that was called retires within that number of days, or its day has passed.',
      'The day is that of the model, or of its SKU, as Resource Manager lists it. A model for which no day is set passes.',
      'The gate also fails if it does not know: it cannot read the list of models or gets no reply, it cannot list the deployments, or the model is not in the list.',
      'The calls themselves were answered: access is fine.',
    ),
    why: ({ record }) =>
      paragraph(
        'The calls were answered, so access is fine today. `model-days-left` requires that the models last longer.',
        ...endingWithin(record, daysAsked(record)).map(retirementInWords),
      ),
    unlike: 'A model that does not answer any more, because its day has passed, is `model-retired`.',
    fixes: ({ record }) => [
      ...moveEnding(record, daysAsked(record)),
      listModels(record),
      ...fewerDays(record),
    ],
  },
}
