import { pathPattern } from '../paths.ts'
import type { ServiceReply } from '../service.ts'
import type { Api } from './apis.ts'
import type { Call } from './call.ts'

/** One operation of the data plane. */
export interface Operation {
  api: Api
  method: Method
  path: RegExp
  /** The path, as denials print it. */
  template: string
  /** The data action that the caller's roles must allow, without `Microsoft.CognitiveServices/accounts/`. */
  dataAction: string
  /** The source that shows that the operation exists and how it answers. */
  source: string
  answer: (call: Call) => ServiceReply
}

type Method = 'GET' | 'POST' | 'DELETE'

/** Names of parameters, as the service prints them in denials. */
const PRINTED: Readonly<Record<string, string>> = {
  deployment: 'deployment-id',
  project: 'projectName',
  agent: 'agentName',
}

/**
 * Makes operations of one API.
 * @param printed the path that denials print, if it is not the operation's own
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
