import type { RunRecord } from '../../gate/record.ts'
import { inputs } from '../explanations/commands.ts'
import { paragraph } from '../explanations/explanation.ts'
import { endingWithin, listModels, moveEnding, retirementInWords } from '../explanations/models.ts'
import type { Inspection } from './finding.ts'

/** Azure tells owners at least sixty days ahead (learn.microsoft.com, model retirements); a change of model is more than a day's work. */
const soonDays = 90
/** Nothing new is started any more: what is not under way now comes too late. */
const urgentDays = 30

/** What has stopped answering has a code of its own. */
function ending(record: RunRecord, days: number) {
  const dead = record.smoke.flatMap(result =>
    result.kind === 'refused' && result.failure.code === 'model-retired' ? [result.route.deployment] : [],
  )
  return endingWithin(record, days).filter(({ deployment }) => !dead.includes(deployment))
}

const horizonOf = ({ settings }: RunRecord) => Math.max(soonDays, settings?.models.daysLeft ?? 0)

export const modelRetiresSoon: Inspection = {
  title: 'A model that is called retires soon',
  about: `Resource Manager lists a day on which the model of the deployment ends (\`deprecation.inference\`, or the date of its SKU), and it is at most ${soonDays} days away, or has passed: Azure
takes models out of service region by region. What happens to the deployment then is up to its \`versionUpgradeOption\`; the finding says which it has, and the default version of the model
that is there today. The list is read beside the run, which does not wait for it: where it comes late or may not be read, there is no finding, and \`fail-on\` has nothing to fail on.

Severity: low; medium from ${urgentDays} days on. With \`model-days-left\` the gate fails on it ([\`model-retires-soon\`](diagnosis.md#model-retires-soon)). The report's field \`models\` has the day of
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
      ? [inputs('Have the gate fail while there is time', { 'model-days-left': String(urgentDays) })]
      : []),
  ],
}
