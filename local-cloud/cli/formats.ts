/** In what form the variables are printed. */
export const FORMATS = ['shell', 'github', 'json', 'dotenv'] as const
export type Format = (typeof FORMATS)[number]

/** @returns whole lines */
export function render(values: Readonly<Record<string, string>>, format: Format): string {
  const entries = Object.entries(values)
  const lines: Record<Format, () => string[]> = {
    shell: () => entries.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`),
    // The runner sets its own variables again for every step, so these would be lost.
    github: () =>
      entries.filter(([name]) => !name.startsWith('GITHUB_')).map(([name, value]) => `${name}=${value}`),
    json: () => [JSON.stringify(values, null, 2)],
    dotenv: () => entries.map(([name, value]) => `${name}=${dotenvValue(value)}`),
  }
  return `${lines[format]().join('\n')}\n`
}

/** Quoted only if necessary, because docker takes quotes as part of the value. In single quotes nothing is expanded. */
function dotenvValue(value: string): string {
  if (/^[\w./:@%+,=?&-]*$/.test(value)) return value
  return value.includes("'") ? `"${value.replaceAll('\n', '\\n')}"` : `'${value}'`
}
