import { model as modelSchema } from './world/account.ts'
import type { CatalogueModel, World } from './world.ts'

type Format = CatalogueModel['format']

/**
 * Models that can be deployed, with their versions, the default one last: those that the documentation lists
 * (learn.microsoft.com, foundry models sold by Azure). None retires here: a seed gives dates.
 */
const KNOWN: Readonly<Record<Format, Readonly<Record<string, readonly string[]>>>> = {
  OpenAI: {
    'gpt-35-turbo': ['1106', '0125'],
    'gpt-4': ['turbo-2024-04-09'],
    'gpt-4o': ['2024-05-13', '2024-08-06', '2024-11-20'],
    'gpt-4o-mini': ['2024-07-18'],
    'gpt-4.1': ['2025-04-14'],
    'gpt-4.1-mini': ['2025-04-14'],
    'gpt-4.1-nano': ['2025-04-14'],
    'gpt-5': ['2025-08-07'],
    'gpt-5-mini': ['2025-08-07'],
    'gpt-5-nano': ['2025-08-07'],
    'gpt-5-chat': ['2025-08-07', '2025-10-03'],
    'gpt-5-codex': ['2025-09-15'],
    'gpt-5-pro': ['2025-10-06'],
    'gpt-5.1': ['2025-11-13'],
    'gpt-5.1-chat': ['2025-11-13'],
    'gpt-5.1-codex': ['2025-11-13'],
    'gpt-5.1-codex-mini': ['2025-11-13'],
    'gpt-5.2': ['2025-12-11'],
    'gpt-5.2-chat': ['2025-12-11'],
    'gpt-5.4': ['2026-03-05'],
    'gpt-5.4-mini': ['2026-03-17'],
    'gpt-5.4-nano': ['2026-03-17'],
    'gpt-oss-120b': ['1'],
    o1: ['2024-12-17'],
    o3: ['2025-04-16'],
    'o3-mini': ['2025-01-31'],
    'o3-pro': ['2025-06-10'],
    'o4-mini': ['2025-04-16'],
    'codex-mini': ['2025-05-16'],
    'model-router': ['2025-05-19', '2025-08-07', '2025-11-18'],
    'text-embedding-ada-002': ['1', '2'],
    'text-embedding-3-small': ['1'],
    'text-embedding-3-large': ['1'],
    'dall-e-3': ['3.0'],
    'gpt-image-1': ['2025-04-15'],
    'gpt-image-1-mini': ['2025-10-06'],
    'gpt-image-1.5': ['2025-12-16'],
    whisper: ['001'],
    'gpt-4o-transcribe': ['2025-03-20'],
    'gpt-4o-mini-transcribe': ['2025-03-20', '2025-12-15'],
    'gpt-4o-transcribe-diarize': ['2025-10-15'],
    tts: ['001'],
    'tts-hd': ['001'],
    'gpt-4o-mini-tts': ['2025-03-20', '2025-12-15'],
    'gpt-audio': ['2025-08-28'],
    'gpt-audio-mini': ['2025-10-06', '2025-12-15'],
    'gpt-realtime': ['2025-08-28'],
    'gpt-realtime-mini': ['2025-10-06', '2025-12-15'],
    sora: ['2025-05-02'],
    'sora-2': ['2025-10-06'],
  },
  Anthropic: {
    'claude-haiku-4-5': ['20251001'],
    'claude-sonnet-4-5': ['20250929'],
    'claude-opus-4-1': ['20250805'],
    'claude-opus-4-5': ['20251101'],
  },
  DeepSeek: {
    'DeepSeek-R1': ['1'],
    'DeepSeek-R1-0528': ['1'],
    'DeepSeek-V3': ['1'],
    'DeepSeek-V3-0324': ['1'],
    'DeepSeek-V3.1': ['1'],
    'DeepSeek-V3.2': ['1'],
  },
  Meta: {
    'Llama-3.3-70B-Instruct': ['5', '9'],
    'Llama-4-Maverick-17B-128E-Instruct-FP8': ['1'],
    'Llama-4-Scout-17B-16E-Instruct': ['1'],
  },
  'Mistral AI': {
    'Mistral-Large-3': ['1'],
    'mistral-medium-2505': ['1'],
    'mistral-small-2503': ['1'],
    'mistral-document-ai-2505': ['1'],
    'Codestral-2501': ['2'],
  },
  Microsoft: {
    'Phi-4': ['7'],
    'Phi-4-mini-instruct': ['1'],
    'Phi-4-reasoning': ['1'],
    'MAI-DS-R1': ['1'],
  },
  xAI: {
    'grok-3': ['1'],
    'grok-3-mini': ['1'],
    'grok-4': ['1'],
    'grok-4-fast-reasoning': ['1'],
    'grok-4-fast-non-reasoning': ['1'],
    'grok-code-fast-1': ['1'],
  },
  'Black Forest Labs': {
    'FLUX-1.1-pro': ['1'],
    'FLUX.1-Kontext-pro': ['1'],
    'FLUX.2-pro': ['1'],
  },
  Cohere: {
    'cohere-command-a': ['1'],
    'embed-v-4-0': ['1'],
    'Cohere-rerank-v4.0-pro': ['1'],
    'Cohere-rerank-v4.0-fast': ['1'],
  },
}

const BUILT_IN: readonly CatalogueModel[] = modelSchema.entries.format.options.flatMap(format =>
  Object.entries(KNOWN[format]).flatMap(([name, versions]) =>
    versions.map((version, index) => ({
      format,
      name,
      version,
      isDefaultVersion: index === versions.length - 1,
    })),
  ),
)

const keyOf = ({ format, name, version }: Pick<CatalogueModel, 'format' | 'name' | 'version'>) =>
  `${format} ${name.toLowerCase()} ${version}`

/** What can be deployed in a world: the models of its seed, the catalogue, and those that are deployed already. */
export function catalogueOf({ models, accounts }: Pick<World, 'models' | 'accounts'>): CatalogueModel[] {
  const catalogue = [...models]
  const known = new Set(models.map(keyOf))
  const add = (model: CatalogueModel) => {
    if (known.has(keyOf(model))) return
    known.add(keyOf(model))
    catalogue.push(model)
  }
  for (const model of BUILT_IN) add(model)
  const deployed = accounts.flatMap(({ deployments }) => deployments.map(({ model }) => model))
  for (const model of deployed) add({ ...model, isDefaultVersion: true })
  return catalogue
}

/** The model of a name, in the requested version or the default one; undefined if there is none. */
export function modelNamed(
  world: Pick<World, 'models' | 'accounts'>,
  { format, name, version }: { format: string; name: string; version: string | undefined },
): CatalogueModel | undefined {
  const versions = catalogueOf(world).filter(
    model => model.format === format && model.name.toLowerCase() === name.toLowerCase(),
  )
  if (version !== undefined) return versions.find(model => model.version === version)
  return versions.find(({ isDefaultVersion }) => isDefaultVersion) ?? versions.at(-1)
}
