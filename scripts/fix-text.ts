import type { Fix } from '../src/advice/explanations/explanation.ts'
import { codeBlock } from '../src/core/text/untrusted.ts'

/** Fixes on a generated page, with placeholders instead of the values of a run. */
export function fixText({ title, language, text }: Fix): string {
  return language === 'text'
    ? `**${withPlaceholders(title)}:** ${withPlaceholders(text)}`
    : `**${withPlaceholders(title)}:**\n\n${codeBlock(text, language)}`
}

/** Our own words, and placeholders, which must not be read as HTML. */
export function withPlaceholders(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map(part => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
}
