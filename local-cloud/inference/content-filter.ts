import { Refusal } from './refusals.ts'

/** A prompt with this text is refused as harmful. */
const FILTER_TRIGGER = '[trigger content filter]'

const safe = { filtered: false, severity: 'safe' }
const undetected = { filtered: false, detected: false }

export const promptFilterResults = {
  hate: safe,
  jailbreak: undetected,
  self_harm: safe,
  sexual: safe,
  violence: safe,
}

export const answerFilterResults = {
  hate: safe,
  protected_material_code: undetected,
  protected_material_text: undetected,
  self_harm: safe,
  sexual: safe,
  violence: safe,
}

/** @throws Refusal 400 content_filter */
export function requireHarmless(prompt: string): void {
  if (!prompt.toLowerCase().includes(FILTER_TRIGGER)) return
  throw new Refusal({
    status: 400,
    body: {
      error: {
        message:
          "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: {
          code: 'ResponsibleAIPolicyViolation',
          content_filter_result: { ...promptFilterResults, violence: { filtered: true, severity: 'medium' } },
        },
      },
    },
  })
}
