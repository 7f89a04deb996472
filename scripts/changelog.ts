/** CHANGELOG.md, in the form of keepachangelog.com. */

interface Section {
  /** `Unreleased`, or a version without `v`. */
  version: string
  /** For example `2026-11-25`; empty for the unreleased section. */
  date: string
  /** Markdown, without the heading. */
  body: string
}

/** In the order of the file. The link references at the end of the file belong to no section. */
export function readChangelog(text: string): Section[] {
  const [, ...parts] = text.replaceAll(/^\[[^\]]+\]: .*$/gm, '').split(/^## /m)
  return parts.map(part => {
    const [heading = '', ...lines] = part.split('\n')
    const [, version = heading, date = ''] = /^\[([^\]]+)\](?: - (\S+))?$/.exec(heading) ?? []
    return { version, date, body: lines.join('\n').trim() }
  })
}

/**
 * Turns the unreleased entries into a section for a version, and leaves an empty unreleased section above it.
 * @throws Error if nothing is unreleased, or if the version already has a section
 */
export function released(text: string, { version, day }: { version: string; day: string }): string {
  const sections = readChangelog(text)
  if (!sections.find(section => section.version === 'Unreleased')?.body)
    throw new Error('CHANGELOG.md has no unreleased entries.')
  if (sections.some(section => section.version === version))
    throw new Error(`CHANGELOG.md already has a section for ${version}.`)
  const link = /^\[Unreleased\]: (.*)\/(?:commits\/main|compare\/.*)$/m
  if (!link.test(text)) throw new Error('CHANGELOG.md has no link for Unreleased.')
  return text
    .replace(/^## \[Unreleased\]$/m, () => `## [Unreleased]\n\n## [${version}] - ${day}`)
    .replace(
      link,
      (_, address) =>
        `[Unreleased]: ${address}/compare/v${version}...HEAD\n[${version}]: ${address}/releases/tag/v${version}`,
    )
}
