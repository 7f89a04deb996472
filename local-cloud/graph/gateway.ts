import * as v from 'valibot'
import type { Context } from '../context.ts'
import { pathPattern } from '../paths.ts'
import type { Route, ServiceReply, ServiceRequest } from '../service.ts'
import type { World } from '../world.ts'
import { badRequest, GraphError, GraphNotImplemented } from './errors.ts'

/** An authenticated request that its caller may make. */
export interface Call {
  /** Name of the route. */
  operation: string
  request: ServiceRequest
  params: Readonly<Record<string, string>>
  tenantId: string
}

type Permission = NonNullable<
  NonNullable<World['applications'][number]['servicePrincipal']>['graphPermissions']
>[number]

/** Any one of these permissions is enough. The page of each operation lists them, the least first. */
const PERMISSIONS = {
  readApplications: [
    'Application.Read.All',
    'Directory.Read.All',
    'Application.ReadWrite.All',
    'Directory.ReadWrite.All',
  ],
  writeApplications: ['Application.ReadWrite.All', 'Directory.ReadWrite.All'],
  readGroups: [
    'GroupMember.Read.All',
    'Group.Read.All',
    'Directory.Read.All',
    'GroupMember.ReadWrite.All',
    'Group.ReadWrite.All',
    'Directory.ReadWrite.All',
  ],
  writeGroups: ['Group.ReadWrite.All', 'Directory.ReadWrite.All'],
  writeMembers: ['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All'],
  readUsers: ['User.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  readDirectory: [
    'Directory.Read.All',
    'Application.Read.All',
    'Application.ReadWrite.All',
    'User.Read.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
    'Directory.ReadWrite.All',
  ],
} as const satisfies Record<string, readonly Permission[]>

type Handler = (call: Call) => ServiceReply

/** One line of a table of routes. The source is the operation's page in the reference of Microsoft Graph. */
type Row = readonly [
  operation: string,
  method: string,
  path: string,
  source: string,
  needs: keyof typeof PERMISSIONS,
  handle: Handler,
]

export interface Gateway {
  readonly context: Context
  /** Routes of v1.0 and beta, which answer alike. Their handlers only see requests that the caller may make. */
  routes(rows: readonly Row[]): Route[]
  /** Where `@odata.context` of a reply points. */
  metadata(call: Call, fragment: string): string
}

/** Names of Microsoft Graph for Entra, besides its local address. */
const AUDIENCES = ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000']

export function createGateway(context: Context): Gateway {
  async function admit(request: ServiceRequest): Promise<{ oid: string; tid: string }> {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const verdict = await context.tokens.verify(token, [...AUDIENCES, context.endpoints.graph])
    if (verdict.ok) return verdict.claims
    throw new GraphError(401, 'InvalidAuthenticationToken', REFUSALS[verdict.reason])
  }

  function requirePermission(oid: string, needs: keyof typeof PERMISSIONS): void {
    const principal = context.world.applications.find(
      ({ servicePrincipal }) => servicePrincipal?.objectId === oid,
    )?.servicePrincipal
    const sufficient: readonly Permission[] = PERMISSIONS[needs]
    if (principal?.graphPermissions?.some(held => sufficient.includes(held))) return
    throw new GraphError(
      403,
      'Authorization_RequestDenied',
      'Insufficient privileges to complete the operation.',
    )
  }

  return {
    context,

    routes: rows =>
      rows.map(([operation, method, path, source, needs, handle]) => ({
        operation,
        source: `learn.microsoft.com/graph/api/${source}`,
        method,
        path: routePattern(path),
        async handle(request, params) {
          let caller: string | undefined
          try {
            const { oid, tid } = await admit(request)
            caller = oid
            requirePermission(oid, needs)
            return { ...handle({ operation, request, params, tenantId: tid }), caller: oid }
          } catch (error) {
            if (!(error instanceof GraphError)) throw error
            const reply = error.toReply(context.clock.now(), crypto.randomUUID())
            return { ...reply, ...(caller !== undefined && { caller }) }
          }
        },
      })),

    metadata: ({ params }, fragment) =>
      `${context.endpoints.graph}/${params.version ?? 'v1.0'}/$metadata#${fragment}`,
  }
}

/** The member by which an object can be addressed instead of its id, by the name of the id in a path. */
const ALTERNATE_KEYS: Readonly<Record<string, string>> = {
  application: 'appId',
  principal: 'appId',
  credential: 'name',
}

/** `/applications/{application}` is `/applications(appId='{applicationBy}')` as well. */
function routePattern(path: string): RegExp {
  const eitherWay = path.replaceAll(/\/\{(\w+)\}/g, (byId, name: string) => {
    const key = ALTERNATE_KEYS[name]
    return key === undefined ? byId : String.raw`(?:${byId}|\(${key}='{${name}By}'\))`
  })
  return new RegExp(pathPattern(eitherWay).source.replace('^', String.raw`^\/(?<version>v1\.0|beta)`))
}

const REFUSALS = {
  malformed: 'Access token is empty or malformed.',
  signature: 'Access token validation failure. Signature is invalid.',
  expired: 'Lifetime validation failed, the token is expired.',
  audience: 'Access token validation failure. Invalid audience.',
} as const

/**
 * The JSON body of a request, in the form that the operation wants.
 * @throws GraphError 400 for another form
 * @throws GraphNotImplemented for a member that the schema does not know, or for a value that Azure accepts and this does not:
 *   otherwise it would be accepted and dropped
 */
export function readBody<Schema extends v.GenericSchema>(
  { request, operation }: Call,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, parseJson(request.body))
  if (result.success) return result.output
  const unknown = result.issues.find(({ type, expected }) => type === 'strict_object' && expected === 'never')
  if (unknown) throw new GraphNotImplemented(`the property '${v.getDotPath(unknown)}' of ${operation}`)
  const [issue] = result.issues
  if (isLimit(issue)) throw new GraphNotImplemented(`this value of '${v.getDotPath(issue)}' of ${operation}`)
  throw badRequest(
    `Invalid value specified for property '${v.getDotPath(issue) ?? 'body'}': ${issue.message}`,
  )
}

/** Whether Azure would accept it: a schema that wants an empty list, or one of the two truth values, is a limit of ours. */
const isLimit = ({ type, input, requirement }: v.BaseIssue<unknown>): boolean =>
  (type === 'length' && requirement === 0) || (type === 'literal' && typeof input === 'boolean')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('Unable to read JSON request payload.')
  }
}
