import { forgedStates } from '../__tests__/attacks/forged-states.ts'
import { misrouted } from '../__tests__/attacks/misrouted-tokens.ts'
import {
  heavyReplies,
  modelHops,
  type OddHop,
  oddBodies,
  oddHops,
  oddStatuses,
  oddTokens,
  oddValues,
  serviceHops,
  tokenReplies,
} from '../__tests__/attacks/odd-replies.ts'
import { misbehaving, unusableAddresses } from '../__tests__/attacks/proxies.ts'
import { foreignIds } from '../__tests__/attacks/wider-scopes.ts'
import { ammunition } from '../__tests__/support/hostile-text.ts'
import { sdkVariables } from '../src/azure/sdk-environment.ts'

/** The table of docs/security.md: how the tests attack the gate, counted from the lists that they use. */

interface Attack {
  title: string
  /** What was tried, in words, with the count. */
  tried: string
  held: string
  /** Relative to the repository. */
  test: string
}

const figure = (count: number) => count.toLocaleString('en-US')

function oddValuesAt(hops: readonly OddHop[]): string {
  const valuesRead = hops.flatMap(({ paths, freePaths = [] }) => [...paths, ...freePaths]).length
  return `${figure(valuesRead * oddValues.length)}: ${oddValues.length} odd values in place of each of the ${valuesRead} values that the gate reads, from ${hops.length} requests`
}

const soundEnd =
  'the gate passes only on a real answer, prints no token, sends none elsewhere, and ends in time, never with `unexpected-error`'

const attacks: readonly Attack[] = [
  {
    title: 'A reply of GitHub, Entra or Resource Manager with one unexpected value',
    tried: oddValuesAt(serviceHops),
    held: soundEnd,
    test: '__tests__/attacks/odd-values.test.ts',
  },
  {
    title: 'An answer of a model with one unexpected value',
    tried: oddValuesAt(modelHops),
    held: soundEnd,
    test: '__tests__/attacks/odd-answers.test.ts',
  },
  {
    title: 'A body that is not a reply',
    tried: `${figure(oddHops.length * oddBodies.length * oddStatuses.length)}: ${oddBodies.length} bodies to each of ${oddHops.length} requests, with status ${oddStatuses.join(' and ')}`,
    held: soundEnd,
    test: '__tests__/attacks/odd-bodies.test.ts',
  },
  {
    title: 'A body that is slow to read, or deeply nested',
    tried: `${figure(heavyReplies.length * oddStatuses.length)}, of up to 7 MiB`,
    held: soundEnd,
    test: '__tests__/attacks/heavy-bodies.test.ts',
  },
  {
    title: 'A malformed token',
    tried: figure(tokenReplies.length * oddTokens.length),
    held: soundEnd,
    test: '__tests__/attacks/odd-bodies.test.ts',
  },
  {
    title: 'Text that tries to become a workflow command, markup, or a second word of a command',
    tried: `random texts from ${ammunition.length} pieces and any character`,
    held: 'it stays one piece of plain text in the log and in the summary, and one word in a printed command',
    test: '__tests__/core/text/untrusted.test.ts',
  },
  {
    title: "A variable of the job's environment that the SDKs read",
    tried: `${sdkVariables.length}, all together and each alone`,
    held: 'the output, the requests and the result stay the same',
    test: '__tests__/scenarios/environment.test.ts',
  },
  {
    title: 'A proxy that misbehaves',
    tried: figure(misbehaving.length),
    held: 'the run ends in time and blames the proxy; nothing goes around it',
    test: '__tests__/scenarios/network.test.ts',
  },
  {
    title: 'An address of a proxy that cannot be used',
    tried: figure(unusableAddresses.length),
    held: 'nothing is sent, and no password is printed',
    test: '__tests__/core/http/proxy.test.ts',
  },
  {
    title: 'An address that must not get a token',
    tried: `${misrouted.length}, and random ones around every domain`,
    held: 'no token is sent there',
    test: '__tests__/azure/clouds.test.ts',
  },
  {
    title: 'A wider scope, or another path, instead of the resource',
    tried: figure(foreignIds('').length),
    held: 'refused before any request',
    test: '__tests__/azure/resource-id.test.ts',
  },
  {
    title: 'A forged state for the post step',
    tried: figure(forgedStates.length),
    held: 'the gate removes only what the job made',
    test: '__tests__/scenarios/temporary.test.ts',
  },
]

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

export function attacksTable(): string {
  const rows = attacks.map(({ title, tried, held, test }) => [title, tried, held, `[test](../${test})`])
  const head = ['Attack', 'Tried', 'What holds', 'Where']
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
