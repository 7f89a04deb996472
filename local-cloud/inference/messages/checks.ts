import { notImplemented } from '../../service.ts'
import { Refusal } from '../refusals.ts'
import { type CountRequest, invalidMessage, type MessagesRequest } from './request.ts'

/** Requests whose parameters are each valid, but not together. The wording is from clients' reports. */

/** @throws Refusal */
export function checkConversation({ messages, tools, tool_choice, thinking }: CountRequest): void {
  checkToolBlocks(messages)
  const choice = tool_choice?.type
  if (tool_choice && !tools) {
    throw invalidMessage('tool_choice: `tool_choice` may only be specified while providing `tools`.')
  }
  if (tool_choice?.type === 'tool' && !tools?.some(({ name }) => name === tool_choice.name)) {
    throw invalidMessage(`tool_choice: Tool '${tool_choice.name}' not found in provided tools`)
  }
  if (thinking?.type === 'enabled' && (choice === 'any' || choice === 'tool')) {
    throw invalidMessage('Thinking may not be enabled when tool_choice forces tool use.')
  }
}

/** @throws Refusal */
export function checkMessages(request: MessagesRequest): void {
  checkConversation(request)
  const { thinking, max_tokens, container } = request
  if (thinking?.type === 'enabled' && thinking.budget_tokens >= max_tokens) {
    throw invalidMessage('`max_tokens` must be greater than `thinking.budget_tokens`.')
  }
  if (container !== undefined && container !== null) {
    throw new Refusal(notImplemented('the parameter container of messages'))
  }
}

type Messages = CountRequest['messages']

/** The results must answer all calls of the message before. */
function checkToolBlocks(messages: Messages): void {
  let open: readonly string[] = []
  for (const [index, message] of messages.entries()) {
    const results = blocksOf(message, 'tool_result').map(({ tool_use_id }) => tool_use_id ?? '')
    const stray = results.find(id => !open.includes(id))
    if (stray !== undefined) {
      throw invalidMessage(
        `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      )
    }
    const unanswered = open.filter(id => !results.includes(id))
    if (unanswered.length > 0) throw withoutResult(index - 1, unanswered)
    open = blocksOf(message, 'tool_use').map(({ id }) => id ?? '')
  }
  if (open.length > 0) throw withoutResult(messages.length - 1, open)
}

const withoutResult = (index: number, ids: readonly string[]) =>
  invalidMessage(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  )

export const blocksOf = ({ content }: Messages[number], type: string) =>
  typeof content === 'string' ? [] : content.filter(block => block.type === type)
