import type { RunRecord } from '../../gate/record.ts'
import { inputs } from '../explanations/commands.ts'
import { paragraph } from '../explanations/explanation.ts'
import { endingWithin, listModels, moveEnding, retirementInWords } from '../explanations/models.ts'
import type { Inspection } from './finding.ts'

/** Azure notifies owners at least sixty days before (learn.microsoft.com, model retirements), and changing a model takes more than a day. */
const soonDays = 90
/** With so few days left, work that has not begun yet comes too late. */
const urgentDays = 30

/** A model that has stopped answering has its own code. */
function ending(record: RunRecord, days: number) {
  const dead = record.smoke.flatMap(result =>
    result.kind === 'refused' && result.failure.code === 'model-retired' ? [result.route.deployment] : [],
  )
  return endingWithin(record, days).filter(({ deployment }) => !dead.includes(deployment))
}

const horizonOf = ({ settings }: RunRecord) => Math.max(soonDays, settings?.models.daysLeft ?? 0)

export const modelRetiresSoon: Inspection = {
  title: 'A called model retires soon',
  about: `Resource Manager lists a day on which the model of the deployment ends (\`deprecation.inference\`, or the date of its SKU), and it is at most ${soonDays} days away, or has passed: Azure
takes models out of service region by region. The deployment's \`versionUpgradeOption\` decides what happens to it then; the finding says which option it has, and the model's current
default version. The gate reads the list in parallel and does not wait for it: if it comes late or the gate cannot read it, there is no finding, and \`fail-on\` has nothing to fail on.

Severity: low; medium if ${urgentDays} days or fewer are left. With \`model-days-left\` the gate fails on it ([\`model-retires-soon\`](diagnosis.md#model-retires-soon)). The report's field \`models\` has the day of
every model that was called.`,
  inspect: ({ record }) => {
    const soon = ending(record, horizonOf(record))
    if (soon.length === 0) return undefined
    const isUrgent = ending(record, urgentDays).length > 0
    return { severity: isUrgent ? 'medium' : 'low', detail: paragraph(...soon.map(retirementInWords)) }
  },
  fixes: ({ record }) => [
    ...moveEnding(record, horizonOf(record)),
    listModels(record),
    ...(record.settings?.models.daysLeft === undefined
      ? [inputs('Let the gate fail while there is still time', { 'model-days-left': String(urgentDays) })]
      : []),
  ],
}
