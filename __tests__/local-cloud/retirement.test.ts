import { modelBehind } from '../../local-cloud/retirement.ts'
import type { CatalogueModel } from '../../local-cloud/world.ts'

const END = '2026-03-31T00:00:00Z'
const gpt4o = (version: string) => ({ format: 'OpenAI', name: 'gpt-4o', version }) as const
const ended: CatalogueModel = { ...gpt4o('2024-05-13'), deprecation: { inference: END } }
const followed: CatalogueModel = { ...gpt4o('2024-11-20'), isDefaultVersion: true }
const world = { models: [ended, followed], accounts: [] }

describe('the model behind a deployment', () => {
  const after = Date.parse(END)

  it('is its own until the day that the seed gives its version', () => {
    expect(modelBehind(world, { model: gpt4o('2024-05-13') }, after - 1)).toEqual(gpt4o('2024-05-13'))
  })

  it('is that of the default version from then on', () => {
    expect(modelBehind(world, { model: gpt4o('2024-05-13') }, after)).toEqual(gpt4o('2024-11-20'))
  })

  it('stays if another version has ended', () => {
    expect(modelBehind(world, { model: gpt4o('2024-08-06') }, after)).toEqual(gpt4o('2024-08-06'))
  })

  it('is none if the deployment does not move', () => {
    const deployment = { model: gpt4o('2024-05-13'), versionUpgradeOption: 'NoAutoUpgrade' } as const
    expect(modelBehind(world, deployment, after)).toBeUndefined()
  })
})
