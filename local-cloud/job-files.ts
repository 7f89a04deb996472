import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of the files that the environment of a job names. */
export interface JobFiles {
  /** The local authority alone. */
  readonly ca: string
  /** The local authority, and those that Node already trusts besides its own. */
  readonly nodeExtraCa: string
  /** The local authority and all that this machine trusts: for clients that take one file instead of the system's. */
  readonly caBundle: string
  /** An OIDC token of the job. */
  readonly federatedToken: string
  /** Replaces the token. Anyone who reads sees the old one or the new one. */
  writeToken(token: string): void
  remove(): void
}

interface Authorities {
  /** The local authority. */
  own: string
  /** See `extraAuthorities` and `trustedAuthorities`. */
  extra: readonly string[]
  trusted: readonly string[]
}

/** Writes the files into a new folder that only this user may read. */
export function createJobFiles({ own, extra, trusted }: Authorities): JobFiles {
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-'))
  const write = (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const ca = write('local-cloud-ca.pem', own)
  const federatedToken = join(folder, 'federated-token')
  return {
    ca,
    nodeExtraCa: extra.length === 0 ? ca : write('node-extra-ca.pem', bundleOf(own, extra)),
    caBundle: write('ca-bundle.pem', bundleOf(own, trusted)),
    federatedToken,
    writeToken: token => renameSync(write('federated-token.new', token), federatedToken),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const bundleOf = (own: string, others: readonly string[]) => `${own.trim()}\n${others.join('\n')}\n`
