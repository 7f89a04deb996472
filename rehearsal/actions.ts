import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { repositoryRoot } from '../scripts/tools.ts'

/** Folders that act uses as actions, and stand-ins for services of GitHub. */

/** The part of this repository that a runner needs. act copies the whole folder, and the repository has much more. */
export function layOutGate(folder: string): string {
  for (const part of ['action.yml', 'dist'])
    cpSync(join(repositoryRoot, part), join(folder, part), { recursive: true })
  return folder
}

/** An action that does nothing, and says why. */
export const layOutStandIn = (folder: string, name: string, why: string): string =>
  layOutAction(folder, {
    name,
    description: why,
    runs: {
      using: 'composite',
      steps: [{ shell: 'sh', run: `echo ${JSON.stringify(`${name} does nothing here: ${why}.`)}` }],
    },
  })

/** Takes files, or folders with what is in them, one a line. */
const upload = `mkdir -p "$STORE/$NAME"
while read -r path; do
  if test -d "$path"; then cp -R "$path/." "$STORE/$NAME"; elif test -e "$path"; then cp "$path" "$STORE/$NAME"; fi
done <<< "$FILES"
test -n "$(ls "$STORE/$NAME")"`

/** Brings one artifact, or all of them into one folder. */
const download = `mkdir -p "\${FILES:-.}"
for artifact in "$STORE"/\${NAME:-*}; do cp -R "$artifact/." "\${FILES:-.}"; done`

/** Instead of GitHub's artifacts, for one of the two actions that move them: a folder on this machine. */
export function layOutArtifacts(folder: string, name: string, store: string): string {
  mkdirSync(store, { recursive: true })
  const inputs = ['name', 'path', 'if-no-files-found', 'merge-multiple']
  const env = { STORE: store, NAME: `\${{ inputs.name }}`, FILES: `\${{ inputs.path }}` }
  return layOutAction(folder, {
    name,
    description: 'Artifacts lie in a folder of this machine',
    inputs: Object.fromEntries(inputs.map(input => [input, { description: input }])),
    runs: {
      using: 'composite',
      steps: [{ shell: 'bash', env, run: name.includes('upload') ? upload : download }],
    },
  })
}

function layOutAction(folder: string, action: Readonly<Record<string, unknown>>): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'action.yml'), stringify(action))
  return folder
}

/** A folder with a `gh` that knows of no issue and no comment, and keeps the text of one that it is to post. */
export function layOutGh(folder: string, posted: string): string {
  mkdirSync(folder, { recursive: true })
  const script = `#!/bin/sh
if test "$2" = list; then exit 0; fi
while test $# -gt 0; do
  if test "$1" = --body-file; then cp "$2" '${posted}'; fi
  shift
done
`
  writeFileSync(join(folder, 'gh'), script, { mode: 0o755 })
  return folder
}
