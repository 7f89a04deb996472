import { cognitiveServicesUser } from '../azure/rbac/built-in-roles.ts'
import type { Settings, Target } from '../gate/settings.ts'
import type { Reader } from './reader.ts'

type Given = Pick<Settings, 'access' | 'deployments' | 'keys'>

/** Inputs that need a resource. Without one they are refused, because they would silently have no effect. */
export function withNeeds(reader: Reader, target: Target, given: Given): Target {
  const { grant, revoke } = given.access
  if (revoke && grant === 'never')
    reader.refuse('revoke', 'is true, but with `grant: never` there is nothing to take back')
  const neededBy = namesThatNeedResource(reader, given)
  if (target.kind === 'search') {
    const failsOn = reader.text('fail-on') === undefined ? [] : ['fail-on']
    return { ...target, neededBy: [...neededBy, ...failsOn] }
  }
  if (target.kind === 'resource' || target.endpoint === '') return target
  // `grant: plan` is allowed, because a plan never fails because of access.
  for (const name of neededBy.filter(each => each !== 'grant' || grant === 'never'))
    reader.refuse(name, withoutResource[name] ?? noRoles)
  return target
}

function namesThatNeedResource(reader: Reader, { access, deployments, keys }: Given): string[] {
  const { role, grant, revoke } = access
  // All inputs but two have a value, the default in action.yml.
  const isOtherRole = role.kind !== 'guid' || role.guid !== cognitiveServicesUser.guid
  return [
    ...(deployments.length === 0 ? ['deployments'] : []),
    ...['setup-client-id', 'principal-id', 'also', 'runtime-principals', 'model-days-left'].filter(
      name => reader.text(name) !== undefined,
    ),
    ...(revoke ? ['revoke'] : []),
    ...(isOtherRole ? ['role'] : []),
    ...(grant === 'auto' ? [] : ['grant']),
    ...(keys.access === 'forbid' && keys.retired === undefined ? ['key-access'] : []),
  ]
}

const noRoles =
  'has no effect if only `endpoint` is given: no role is checked or granted. With `subscription-id` as well, the gate finds the resource'
const withoutResource: Readonly<Record<string, string>> = {
  deployments:
    'must name at least one deployment if only `endpoint` is given: without the resource there is no list to choose from',
  also: 'is judged by roles, but only `endpoint` is given: no role is checked. With `subscription-id` as well, the gate finds the resource',
  'key-access':
    'is forbid, but only `endpoint` is given: the resource says whether keys are off, or `retired-key` proves it',
  'model-days-left':
    'has no effect if only `endpoint` is given: only Resource Manager knows when models retire, and it is not asked',
}
