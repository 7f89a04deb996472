import { pathPattern } from '../paths.ts'
import type { ServiceReply } from '../service.ts'
import type { Api } from './apis.ts'
import type { Call } from './call.ts'

/** One operation of the data plane, before it is known who asks. */
export interface Operation {
  api: Api
  method: Method
  path: RegExp
  /** The path as denials print it. */
  template: string
  /** What the caller's roles must allow, below `Microsoft.CognitiveServices/accounts/`. */
  dataAction: string
  /** From where it is known that there is such an operation, and how it answers. */
  source: string
  answer: (call: Call) => ServiceReply
}

type Method = 'GET' | 'POST' | 'DELETE'

/** Parameters as the service itself names them in its denials. */
const PRINTED: Readonly<Record<string, string>> = {
  deployment: 'deployment-id',
  project: 'projectName',
  agent: 'agentName',
}

/**
 * Makes operations of one API.
 * @param printed the path that denials print, where it is not the operation's own
 */
export const operationsOf =
  (api: Api, printed?: string) =>
  (
    [method, path]: readonly [Method, path: string],
    dataAction: string,
    source: string,
    answer: Operation['answer'],
  ): Operation => ({
    api,
    method,
    path: pathPattern(path),
    template: printed ?? path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `{${PRINTED[name] ?? name}}`),
    dataAction,
    source,
    answer,
  })
