/**
 * What Azure serves at these hosts and the local cloud does not, by path: APIs of /openai that the SDKs of OpenAI and Azure
 * OpenAI have, the rest of a project (azure-ai-projects), and the other services of a Foundry resource.
 */
const GAPS: ReadonlyArray<readonly [path: RegExp, name: string]> = [
  [
    /^\/openai(?:\/v1)?\/(files|uploads|batches|containers|evals|assistants|threads|videos|skills)(?=\/|$)/,
    'the $1 of /openai',
  ],
  [/^\/openai(?:\/v1)?\/(fine_tuning|vector_stores|video)(?=\/|$)/, 'the $1 of /openai'],
  [
    /^\/openai\/v1\/(audio\/translations|images\/edits|completions|realtime\/\w+|responses\/\w+)$/,
    'the $1 of /openai',
  ],
  [/^\/openai\/v1\/chat\/completions(?:\/.*)?$/, 'stored chat completions'],
  [
    /^\/openai\/deployments\/[^/]+\/(audio\/translations|images\/edits|extensions\/.*|images\/variations)$/,
    'the $1 of a deployment',
  ],
  [/^\/models\/images\/embeddings$/, 'embeddings of images'],
  [/^\/api\/projects\/[^/]+\/openai\/v1\/(.+)$/, 'the $1 of a project'],
  [/^\/api\/projects\/[^/]+\/([^/]+)(?:\/.*)?$/, 'the $1 of a project'],
  [
    /^\/(speechtotext|texttospeech|contentsafety|translator|translate|vision|computervision|face|formrecognizer|documentintelligence|documenttranslation|language|text|contentunderstanding|customvision|luis)(?=\/|$|:)/,
    'the service $1',
  ],
]

/** The name of the gap; undefined if Azure has no such path either. */
export function gapAt(path: string): string | undefined {
  for (const [pattern, name] of GAPS) {
    const found = new RegExp(pattern, 'i').exec(path)
    if (found !== null) return name.replace('$1', found[1] ?? '')
  }
  return undefined
}
