import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** Pause between two tries, in milliseconds. */
const PACE_MS = 100

interface WaitOptions {
  /** Where the variables go; undefined: they are in `environment`. */
  file: string | undefined
  environment: NodeJS.ProcessEnv
  timeoutMs: number
}

/** What is needed to ask whether a local cloud answers. */
interface Address {
  issuer: string
  caFile: string
}

/**
 * Returns once the local cloud answers.
 * @throws Error that says what is missing, if that takes too long
 */
export async function waitForCloud({ file, environment, timeoutMs }: WaitOptions): Promise<void> {
  const end = Date.now() + timeoutMs
  const find = () => (file === undefined ? fromEnvironment(environment) : fromFile(file))
  if (file === undefined && find() === undefined) {
    throw new Error('wait needs the file that the variables go to, or the variables in its environment.')
  }
  let problem = ''
  do {
    const address = find()
    if (address === undefined) problem = `${file} does not hold the variables of a local cloud`
    else if (await answers(address)) return
    else problem = `${address.issuer} does not answer`
    await sleep(PACE_MS)
  } while (Date.now() < end)
  throw new Error(`${problem}, after ${timeoutMs / 1000} seconds.`)
}

const fromEnvironment = (environment: NodeJS.ProcessEnv) => addressOf(name => environment[name])

/** In any format: none escapes anything in these two variables. */
function fromFile(file: string): Address | undefined {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  return addressOf(name => new RegExp(`\\b${name}["']?\\s*[=:]\\s*["']?([^"'\\s]+)`).exec(text)?.[1])
}

function addressOf(variable: (name: string) => string | undefined): Address | undefined {
  const [issuer, caFile] = [variable('LOCAL_CLOUD_ISSUER'), variable('NODE_EXTRA_CA_CERTS')]
  return issuer === undefined || caFile === undefined ? undefined : { issuer, caFile }
}

async function answers({ issuer, caFile }: Address): Promise<boolean> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } })
  try {
    const { statusCode } = await request(`${issuer}/.well-known/openid-configuration`, { dispatcher })
    return statusCode === 200
  } catch {
    return false
  } finally {
    await dispatcher.destroy()
  }
}
