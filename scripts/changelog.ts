/** CHANGELOG.md, in the form of keepachangelog.com. */

export interface Section {
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
