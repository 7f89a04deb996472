import { keyAccessOf } from '../../gate/key-access.ts'
import type { RunRecord } from '../../gate/record.ts'
import { accountOptions, azLine, bash, inputs } from '../explanations/commands.ts'
import { paragraph } from '../explanations/explanation.ts'
import { invertedSample, retireOwnKey, switchKeysOff } from '../explanations/posture.ts'
import type { Inspection } from './finding.ts'

/** Findings about keys that the resource still accepts. */

const isIgnored = ({ settings }: RunRecord) => settings?.keys.access === 'ignore'

export const keysEnabled: Inspection = {
  title: 'The resource still accepts API keys',
  about: `The account's \`disableLocalAuth\` is not \`true\`. Null, the value if nobody has set it, means that keys work. Anyone who holds a key needs no identity, and no role, condition or sign-in
log stops them.

Look at the template: Microsoft's own sample for key-less access (\`Azure-Samples/azureai-model-inference-bicep\`) has \`disableLocalAuth: allowKeys\`, so \`allowKeys: false\`, which is meant to switch
keys off, leaves them on. \`!allowKeys\` would be right.

Severity: high. With \`key-access: forbid\` the gate fails on it ([\`keys-enabled\`](diagnosis.md#keys-enabled)), with \`key-access: ignore\` it does not report it. After the switch, it takes
minutes, sometimes hours, until the data plane refuses keys; the input \`retired-key\` proves that it does.`,
  inspect: ({ record, values }) => {
    if (keyAccessOf(record) !== 'enabled' || isIgnored(record)) return undefined
    return {
      severity: 'high',
      detail: paragraph(
        `Key access of ${values.account} is on: anyone who holds a key can call the models without an identity.`,
        invertedSample,
      ),
    }
  },
  fixes: ({ record }) => [
    ...switchKeysOff(record),
    inputs('Then let the gate fail if keys work again', { 'key-access': 'forbid' }),
  ],
}

export const keyAccessUnknown: Inspection = {
  title: 'It is not known whether the resource accepts API keys',
  about: `The identity cannot read the account, or only \`endpoint\` was given, or the gate did not find the resource by its host. The answered call with a token says nothing about keys.

Severity: low. Not reported with \`key-access: ignore\`, nor if \`retired-key\` has proven that keys are off.`,
  inspect: ({ record }) => {
    const { routes, settings } = record
    if (routes === undefined || keyAccessOf(record) !== 'unknown' || isIgnored(record)) return undefined
    const because =
      settings?.target.kind === 'endpoint'
        ? (settings.target.unfound?.message ??
          'Only an endpoint was given, so the gate did not read the resource.')
        : 'This identity cannot read the resource.'
    return { severity: 'low', detail: `${because} An accepted token says nothing about keys.` }
  },
  fixes: ({ values }) => [
    bash(
      'Check it yourself: anything other than true means that keys work',
      azLine('cognitiveservices account show', {
        ...accountOptions(values),
        query: 'properties.disableLocalAuth',
      }),
    ),
    inputs('Or test a key on every run', { 'retired-key': `\${{ secrets.RETIRED_KEY }}` }),
  ],
}

export const retiredKeyInvalid: Inspection = {
  title: 'The retired key was refused, and other keys may still work',
  about: `The data plane said that the key does not belong to the resource. It says this about a key that was regenerated, or belongs to another resource, while key access is on. Only the refusal
\`AuthenticationTypeDisabled\` shows that it is off. Not reported if the account says that key access is off.

Severity: medium, because the test does not prove that key access is off.`,
  inspect: ({ record }) => {
    if (record.retiredKey?.outcome !== 'key-invalid' || record.account?.keyAccess === 'disabled')
      return undefined
    return {
      severity: 'medium',
      detail: paragraph(
        'The resource refused the retired-key because it is not one of its keys. That does not show that key access is off.',
        record.account?.keyAccess === 'enabled' ? 'It is on.' : '',
      ),
    }
  },
  fixes: () => [retireOwnKey],
}
