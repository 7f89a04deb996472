#!/usr/bin/env node
import { readCommandLine, type StartOptions, UsageError } from './cli/command-line.ts'
import { render } from './cli/formats.ts'
import { runCommand } from './cli/run-command.ts'
import { readSeedFile, writeSeedFile } from './cli/seed-file.ts'
import { stopRequested } from './cli/stop.ts'
import { USAGE } from './cli/usage.ts'
import { waitForCloud } from './cli/wait.ts'
import { type PipelineAccess, welcome } from './cli/welcome.ts'
import { defaultWorld } from './default-world.ts'
import type { LocalCloudOptions } from './local-cloud.ts'
import { parseSeed } from './seed.ts'
import { PUBLISHED_THROTTLING } from './throttling.ts'

function cloudOptions(start: StartOptions): LocalCloudOptions {
  const { granted, instanceDiscovery } = start
  const options: LocalCloudOptions = { granted, instanceDiscovery }
  if (start.throttling) options.throttling = PUBLISHED_THROTTLING
  if (start.port !== undefined) options.basePort = start.port
  if (start.replicasBy !== undefined) options.replicasBy = start.replicasBy
  if (start.provisioning !== undefined) options.provisioningMs = start.provisioning
  options.lag = {
    ...(start.propagation === undefined ? {} : { roleAssignments: start.propagation }),
    ...(start.keyAccessLag === undefined ? {} : { keyAccess: start.keyAccessLag }),
  }
  if (start.seedFile !== undefined) options.seed = parseSeed(readSeedFile(start.seedFile))
  return options
}

function accessOf({ granted, seedFile }: StartOptions): PipelineAccess {
  if (granted) return 'granted'
  return seedFile === undefined ? 'missing' : 'by-seed'
}

/** @returns the exit code */
async function start(options: StartOptions): Promise<number> {
  const stop = stopRequested()
  // Only here: to load it takes longer than all that the other commands do.
  const { createLocalCloud } = await import('./local-cloud.ts')
  const cloud = await createLocalCloud(cloudOptions(options))
  const { world, endpoints } = cloud
  const environment = cloud.jobEnvironment()
  try {
    if (options.command !== undefined) return await runCommand(options.command, environment, stop)
    process.stdout.write(render(environment, options.format))
    process.stderr.write(welcome({ world, endpoints, environment, access: accessOf(options) }))
    await stop
    return 0
  } finally {
    await cloud.close()
  }
}

/** @returns the exit code */
async function main(): Promise<number> {
  const line = readCommandLine(process.argv.slice(2))
  switch (line.kind) {
    case 'start':
      return start(line.options)
    case 'init':
      writeSeedFile(line.file, defaultWorld)
      process.stderr.write(`${line.file} is a seed to begin with: key-less-cloud --seed ${line.file}\n`)
      return 0
    case 'wait':
      await waitForCloud({ file: line.file, environment: process.env, timeoutMs: line.timeoutMs })
      return 0
    case 'help':
      process.stderr.write(USAGE)
      return 0
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = error instanceof UsageError
  const hint = isUsage ? 'key-less-cloud --help lists the commands.\n' : ''
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${hint}`)
  process.exitCode = isUsage ? 2 : 1
}
