/** What the post step may find instead of the state that the main step left: whatever it is, nothing is removed that the job did not make. */

interface Grant {
  assignmentId: string
  lease: string
  wasRefused: boolean
  clientId: string
  tenantId: string
}

/** @param own As the main step left it. @param other Id of an assignment that this job did not make. */
export const forgedStates: ReadonlyArray<readonly [string, (own: Grant, other: string) => unknown]> = [
  ['nothing', () => undefined],
  ['no JSON', () => '{'],
  ['a list', () => []],
  ['no lease', ({ lease: _, ...grant }) => grant],
  ['the lease of another job', grant => ({ ...grant, lease: '00000000-1111-4222-8333-444444444444' })],
  ['an assignment of somebody else', (grant, other) => ({ ...grant, assignmentId: other })],
  ['another host', grant => ({ ...grant, assignmentId: `https://evil.example${grant.assignmentId}` })],
  [
    'a path that climbs',
    (grant, other) => ({ ...grant, assignmentId: `${grant.assignmentId}/../../../..${other}` }),
  ],
  [
    'the resource itself',
    grant => ({
      ...grant,
      assignmentId: grant.assignmentId.slice(
        0,
        grant.assignmentId.indexOf('/providers/Microsoft.Authorization'),
      ),
    }),
  ],
]
