/** CHANGELOG.md, in the form of keepachangelog.com. */

interface Section {
  /** `Unreleased`, or a version without `v`. */
  version: string
  /** As in `2026-11-25`; empty for what is not released. */
  date: string
  /** Markdown, without the heading. */
  body: string
}

/** In the order of the file. References at its end, that make links of the headings, belong to none. */
export function readChangelog(text: string): Section[] {
  const [, ...parts] = text.replaceAll(/^\[[^\]]+\]: .*$/gm, '').split(/^## /m)
  return parts.map(part => {
    const [heading = '', ...lines] = part.split('\n')
    const [, version = heading, date = ''] = /^\[([^\]]+)\](?: - (\S+))?$/.exec(heading) ?? []
    return { version, date, body: lines.join('\n').trim() }
  })
}

/**
 * What is unreleased becomes a section of its own, below an empty one for what comes next.
 * @throws Error where nothing is unreleased, or the version has a section already
 */
export function released(text: string, { version, day }: { version: string; day: string }): string {
  const sections = readChangelog(text)
  if (!sections.find(section => section.version === 'Unreleased')?.body)
    throw new Error('CHANGELOG.md has nothing that is unreleased.')
  if (sections.some(section => section.version === version))
    throw new Error(`CHANGELOG.md has a section for ${version} already.`)
  const link = /^\[Unreleased\]: (.*)\/(?:commits\/main|compare\/.*)$/m
  if (!link.test(text)) throw new Error('CHANGELOG.md does not say where Unreleased leads.')
  return text
    .replace(/^## \[Unreleased\]$/m, () => `## [Unreleased]\n\n## [${version}] - ${day}`)
    .replace(
      link,
      (_, address) =>
        `[Unreleased]: ${address}/compare/v${version}...HEAD\n[${version}]: ${address}/releases/tag/v${version}`,
    )
}
