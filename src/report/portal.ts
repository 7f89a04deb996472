import { accountIdOf, guidPattern } from '../azure/resource-id.ts'
import type { RunRecord } from '../gate/record.ts'

/** Addresses of pages in the Azure portal; undefined if the cloud has no known portal, or nothing is known to show. */

/** @param blade Such as `users`: Access control (IAM). */
export function resourcePage(
  { settings }: Pick<RunRecord, 'settings'>,
  blade = 'overview',
): string | undefined {
  if (settings?.target.kind !== 'resource' || settings.cloud.portal === undefined) return undefined
  const id = accountIdOf(settings.target.resource)
  return `${settings.cloud.portal}/#@${settings.identity.tenantId}/resource${id}/${blade}`
}

/** The page of the pipeline's service principal. Its id is a claim of the token, so only a GUID becomes part of a link. */
export function principalPage({
  settings,
  principal,
}: Pick<RunRecord, 'settings' | 'principal'>): string | undefined {
  if (settings?.cloud.portal === undefined || !guidPattern.test(principal?.oid ?? '')) return undefined
  return `${settings.cloud.portal}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Overview/objectId/${principal?.oid}/appId/${settings.identity.clientId}`
}
