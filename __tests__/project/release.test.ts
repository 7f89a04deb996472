import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as v from 'valibot'
import { parse } from 'yaml'
import { readChangelog, released } from '../../scripts/changelog.ts'
import { releaseOf } from '../../scripts/release.ts'
import { withVersion } from '../../scripts/set-version.ts'
import { textOf } from '../support/documents.ts'
import { runScript, scriptStepSchema, stepNamed } from '../support/step-script.ts'

const changelog = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-25

### Added

- The second.

## [1.1.0] - 2026-10-01

### Fixed

- The first.

[Unreleased]: https://example.com/compare/v1.2.0...HEAD
[1.2.0]: https://example.com/releases/v1.2.0
`

const sources = {
  ref: 'refs/tags/v1.3.0',
  packageVersion: '1.3.0',
  cloudVersion: '1.3.0',
  publisherFiles: {},
  tags: [],
}

const release = (changes: Partial<Parameters<typeof releaseOf>[0]>) =>
  releaseOf({
    ref: 'refs/tags/v1.2.0',
    packageVersion: '1.2.0',
    cloudVersion: changes.packageVersion ?? '1.2.0',
    changelog,
    publisherFiles: { 'README.md': 'uses: contoso/key-less-gate@v1' },
    tags: ['v1', 'v1.1.0', 'v1.2.0'],
    ...changes,
  })

describe('a release', () => {
  test('has the notes from its section of the changelog, and takes the tag of the major version', () => {
    expect(release({})).toEqual({
      notes: '### Added\n\n- The second.\n',
      prerelease: false,
      majorTag: 'v1',
      npmTag: 'latest',
    })
  })

  test.each([
    ['README.md', 'uses: OWNER/key-less-gate@v1'],
    ['action.yml', 'name: Key-less Gate\nauthor: OWNER\n'],
    ['.github/CODEOWNERS', '* @OWNER\n'],
    ['local-cloud/package.json', '{ "url": "git+https://github.com/OWNER/key-less-gate.git" }'],
  ])('is refused while %s has the placeholder OWNER', (path, text) => {
    expect(() => release({ publisherFiles: { LICENSE: 'MIT', [path]: text } })).toThrow(
      `${path} still has the placeholder OWNER for the account that publishes.`,
    )
  })

  test('is refused if the package of the local cloud has another version', () => {
    expect(() => release({ cloudVersion: '1.1.0' })).toThrow(
      'The version in local-cloud/package.json is 1.1.0, not 1.2.0.',
    )
  })

  test('of an older line leaves the tag of the major version alone, and gets a separate dist-tag on npm', () => {
    expect(release({ tags: ['v1.2.0', 'v1.10.0'] })).toMatchObject({ majorTag: '', npmTag: 'latest-1.2' })
  })

  test("of an older major version gets that version's tag, and is not the latest", () => {
    expect(release({ tags: ['v1.2.0', 'v2.0.0'] })).toMatchObject({ majorTag: 'v1', npmTag: 'latest-1.2' })
  })

  test.each(['v1.3.0-rc.1', 'v2.0.0-rc.1', 'v1.1.9', 'v0.9.9', 'nightly', ''])(
    'is still the newest beside %j',
    tag => {
      expect(release({ tags: ['v1.2.0', tag] })).toMatchObject({ majorTag: 'v1', npmTag: 'latest' })
    },
  )

  test('with a prerelease version is a prerelease, and gets no major tag', () => {
    const text = changelog.replace('[1.2.0] -', '[1.2.0-rc.1] -')

    expect(
      release({ ref: 'refs/tags/v1.2.0-rc.1', packageVersion: '1.2.0-rc.1', changelog: text }),
    ).toMatchObject({ prerelease: true, majorTag: '', npmTag: 'next' })
  })

  test.each([
    ['refs/heads/main', 'refs/heads/main is not a tag such as v1.2.3'],
    ['refs/tags/v1', 'refs/tags/v1 is not a tag'],
    ['refs/tags/v1.2.0\nmajor-tag=v9', 'is not a tag'],
    ['refs/tags/v1.2.1', 'The tag is v1.2.1, the version in package.json 1.2.0.'],
  ])('is none from %j', (ref, message) => {
    expect(() => release({ ref })).toThrow(message)
  })

  test.each([
    ['without a section', '# Changelog\n', 'CHANGELOG.md has no entries for 1.2.0.'],
    ['with an empty one', '## [1.2.0] - 2026-11-25\n', 'CHANGELOG.md has no entries for 1.2.0.'],
    ['without a date', '## [1.2.0]\n\n- The second.\n', 'CHANGELOG.md has no date for 1.2.0.'],
  ])('is none from a changelog %s', (_, text, message) => {
    expect(() => release({ changelog: text })).toThrow(message)
  })

  test('gets the tag of its major version only if none is later', () => {
    const part = fc.nat({ max: 12 })
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part), { minLength: 1 }), versions => {
        const tags = versions.map(([minor, patch]) => `v1.${minor}.${patch}`)
        const named = tags.filter(tag => {
          const packageVersion = tag.slice(1)
          const text = `## [${packageVersion}] - 2026-11-25\n\n- It.\n`
          return release({ ref: `refs/tags/${tag}`, packageVersion, changelog: text, tags }).majorTag === 'v1'
        })
        const rank = ([minor, patch]: readonly [number, number]) => minor * 100 + patch
        const newest = versions.toSorted((one, other) => rank(other) - rank(one))[0]

        expect(new Set(named)).toEqual(new Set([`v1.${newest?.[0]}.${newest?.[1]}`]))
      }),
    )
  })
})

describe('a version is set', () => {
  const next = { version: '1.3.0', day: '2026-12-01' }
  const unreleased = changelog.replace('## [Unreleased]\n', '## [Unreleased]\n\n### Added\n\n- The third.\n')

  test('the unreleased entries become its section, above which is an empty one', () => {
    const text = released(unreleased, next)

    expect(readChangelog(text).map(({ version, date, body }) => [version, date, body])).toEqual([
      ['Unreleased', '', ''],
      ['1.3.0', '2026-12-01', '### Added\n\n- The third.'],
      ...readChangelog(changelog)
        .slice(1)
        .map(({ version, date, body }) => [version, date, body]),
    ])
    expect(text).toContain(
      '\n[Unreleased]: https://example.com/compare/v1.3.0...HEAD\n[1.3.0]: https://example.com/releases/tag/v1.3.0\n',
    )
  })

  test('for the first time, and for this very changelog', () => {
    const text = released(textOf('CHANGELOG.md'), next)

    expect(releaseOf({ ...sources, changelog: text }).notes).toContain('### Added')
    expect(text).toMatch(
      /^\[Unreleased\]: .*\/compare\/v1\.3\.0\.\.\.HEAD\n\[1\.3\.0\]: .*\/releases\/tag\/v1\.3\.0$/m,
    )
  })

  test.each([
    ['nothing is unreleased', changelog, next, 'CHANGELOG.md has no unreleased entries.'],
    [
      'it is there',
      unreleased,
      { ...next, version: '1.2.0' },
      'CHANGELOG.md already has a section for 1.2.0.',
    ],
    ['a link is missing', unreleased.replace('[Unreleased]: ', ''), next, 'has no link for Unreleased'],
  ])('is refused if %s', (_, text, wanted, message) => {
    expect(() => released(text, wanted)).toThrow(message)
  })

  test.each(['package.json', 'local-cloud/package.json', 'package-lock.json'])(
    'in %s it changes nothing else',
    path => {
      const text = textOf(path)
      const present = v.parse(v.object({ version: v.string() }), JSON.parse(text)).version

      expect(withVersion(text, present)).toBe(text)
      expect(withVersion(withVersion(text, '9.8.7'), present)).toBe(text)
      expect(withVersion(text, '9.8.7').match(/9\.8\.7/g)).toHaveLength(path === 'package-lock.json' ? 3 : 1)
    },
  )
})

const job = v.object({
  needs: v.optional(v.array(v.string())),
  steps: v.array(
    v.object({
      ...scriptStepSchema.entries,
      if: v.optional(v.string()),
      uses: v.optional(v.string()),
      with: v.optional(v.record(v.string(), v.unknown())),
    }),
  ),
})
const { jobs } = v.parse(
  v.object({
    jobs: v.object({
      verify: v.omit(job, ['needs']),
      attest: v.omit(job, ['needs']),
      npm: job,
      publish: job,
    }),
  }),
  parse(textOf('.github/workflows/release.yml')),
)

describe('what is published', () => {
  const commit = '6dcb09b5b57875f334f61aebed695e2e4193db5e'

  /** The calls of gh, of which those that hold `refused` fail. */
  function callsOf(name: string, env: Readonly<Record<string, string>>, refused = 'nothing') {
    const { status, stdout } = runScript(stepNamed(jobs.publish.steps, name), {
      env,
      runner: { GITHUB_REF_NAME: 'v1.2.0', GITHUB_SHA: commit },
      files: { 'assets/dist.tar.gz': '', 'assets/subjects.sha256': '' },
      programs: { gh: `echo "gh $*"; [[ "$*" != *${refused}* ]]` },
    })
    return { status, calls: stdout.trim().split('\n') }
  }

  test.each([
    ['false', 'true'],
    ['true', 'false'],
  ])(
    'is a release of the tag that exists, with the notes: prerelease %s, latest %s',
    (prerelease, latest) => {
      expect(callsOf('Create the release', { PRERELEASE: prerelease, LATEST: latest })).toEqual({
        status: 0,
        calls: [
          `gh release create v1.2.0 assets/dist.tar.gz assets/subjects.sha256 --verify-tag --title v1.2.0 --notes-file notes.md --prerelease=${prerelease} --latest=${latest}`,
        ],
      })
    },
  )

  const read = 'gh api --silent repos/{owner}/{repo}/git/ref/tags/v1'
  const move = `gh api --silent --method PATCH repos/{owner}/{repo}/git/refs/tags/v1 -f sha=${commit} -F force=true`
  const create = `gh api --silent --method POST repos/{owner}/{repo}/git/refs -f ref=refs/tags/v1 -f sha=${commit}`

  test.each([
    ['moved where there is one', 'nothing', { status: 0, calls: [read, move] }],
    ['made where there is none', 'git/ref/tags', { status: 0, calls: [read, create] }],
    ['not moved in silence', 'PATCH', { status: 1, calls: [read, move] }],
  ])('the tag of the major version is %s', (_, refused, expected) => {
    expect(callsOf('Move the tag of the major version', { MAJOR_TAG: 'v1' }, refused)).toEqual(expected)
  })

  test('a release that is not the newest of its major version moves no tag', () => {
    const step = stepNamed(jobs.publish.steps, 'Move the tag of the major version')

    expect(step.env).toEqual({ MAJOR_TAG: `\${{ needs.verify.outputs.major-tag }}` })
    expect(step.if).toBe("needs.verify.outputs.major-tag != ''")
  })
})

describe('the assets of a release', () => {
  const files = { 'dist/index.js': 'one', 'dist/chunks/b c.js': 'two', 'package.json': '{}' }
  /** @param others What the machine that packs lets others do with its files. */
  function pack(others: 'rX' | '') {
    const step = stepNamed(jobs.verify.steps, 'Pack dist')
    const { status, stdout } = runScript(
      {
        ...step,
        run: [
          `chmod -R go=${others} dist`,
          step.run,
          'cat "$FOLDER/subjects.sha256"',
          'mkdir taken && cd taken && tar -xf ../assets/dist.tar.gz',
          'cp ../assets/* . && sha256sum --check --quiet subjects.sha256 && find dist -type f | sort',
        ].join('\n'),
      },
      { env: { FOLDER: 'assets' }, files },
    )
    return { status, lines: stdout.trim().split('\n') }
  }
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

  test('are dist, and the checksums of each file in it and of the archive', () => {
    expect(pack('rX')).toEqual({
      status: 0,
      lines: [
        `${sha256('two')}  dist/chunks/b c.js`,
        `${sha256('one')}  dist/index.js`,
        expect.stringMatching(/^[0-9a-f]{64} {2}dist\.tar\.gz$/),
        'dist/chunks/b c.js',
        'dist/index.js',
      ],
    })
  })

  test('are the same bytes on every machine', () => {
    expect(pack('')).toEqual(pack('rX'))
  })

  test('are signed from that list, by a job that gets no code', () => {
    expect(jobs.attest.steps.flatMap(({ uses }) => uses?.replace(/@.*/, '') ?? [])).toEqual([
      'actions/download-artifact',
      'actions/attest',
      'actions/upload-artifact',
    ])
    expect(jobs.attest.steps.find(({ uses }) => uses?.startsWith('actions/attest@'))?.with).toEqual({
      'subject-checksums': 'subjects.sha256',
    })
  })
})

describe('the package of the local cloud', () => {
  test('is packed by the job that cannot write', () => {
    const folder = mkdtempSync(join(tmpdir(), 'release-test-'))
    const { status, stdout } = runScript(stepNamed(jobs.verify.steps, 'Pack the local cloud'), {
      env: { FOLDER: join(folder, 'package') },
      programs: { npm: 'test -d "$FOLDER" && echo "npm $*"' },
    })
    rmSync(folder, { recursive: true })
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `npm pack --workspace local-cloud --pack-destination ${folder}/package\n`,
    })
  })

  test('is published by a job that gets nothing else, and runs none of its scripts', () => {
    expect(jobs.npm.steps.flatMap(({ uses }) => uses?.replace(/@.*/, '') ?? [])).toEqual([
      'actions/download-artifact',
      'actions/setup-node',
    ])
    const { status, stdout } = runScript(stepNamed(jobs.npm.steps, 'Publish the local cloud'), {
      env: { NPM_TAG: 'latest' },
      programs: { npm: 'echo "npm $*"' },
    })
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'npm publish ./key-less-cloud-*.tgz --ignore-scripts --access public --tag latest\n',
    })
  })

  test('is published before the release that names it', () => {
    expect(jobs.npm.needs).toEqual(['verify', 'attest'])
    expect(jobs.publish.needs).toContain('npm')
  })
})

describe('CHANGELOG.md', () => {
  const [first, ...others] = readChangelog(textOf('CHANGELOG.md'))

  test('begins with the unreleased entries', () => {
    expect(first).toMatchObject({ version: 'Unreleased', date: '' })
  })

  test('names every release by version and day', () => {
    for (const { version, date } of others) {
      expect(version).toMatch(/^\d+\.\d+\.\d+/)
      expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    }
  })

  test('sorts changes by the kinds of keepachangelog.com', () => {
    const kinds = [first, ...others].flatMap(section =>
      [...(section?.body ?? '').matchAll(/^### (.*)$/gm)].map(([, kind]) => kind),
    )

    expect(['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']).toEqual(
      expect.arrayContaining(kinds),
    )
  })
})
