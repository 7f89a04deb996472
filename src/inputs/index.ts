import { cloudNames, cloudOf } from '../azure/clouds.ts'
import { parseEndpoint } from '../azure/endpoint.ts'
import type { Settings } from '../gate/settings.ts'
import { readAccess } from './access.ts'
import { readHosts, requireCustomHosts } from './cloud.ts'
import { apiChoices, readDeployments, requireCallable } from './deployments.ts'
import { readFailOn, readModels } from './findings.ts'
import { readIdentity } from './identity.ts'
import { readKeys } from './keys.ts'
import { withNeeds } from './needs.ts'
import { readProduction } from './production.ts'
import { createReader, type Environment } from './reader.ts'
import { readReporting } from './report.ts'
import { parseVersion, readContent, readTokenAudience, requireOneVersion } from './smoke-call.ts'
import { readTarget } from './target.ts'
import { readWaiting } from './waiting.ts'

/**
 * Reads and validates all inputs, and collects all problems.
 * @param input The text of an input, untrimmed, and empty if it is not set.
 * @throws StepError `input-invalid` with every bad input.
 */
export function readSettings(input: (name: string) => string, env: Environment): Settings {
  const reader = createReader(input, env)
  const cloudName = reader.choice('cloud', cloudNames, 'AzureCloud')
  const parts = reader.parsed('endpoint', parseEndpoint)
  const hosts = readHosts(reader)
  const place = readTarget(reader, parts?.endpoint)
  requireCustomHosts(reader, cloudName, place)
  const cloud = cloudOf(cloudName, { ...hosts, inferenceEndpoint: parts?.endpoint })
  const api = reader.choice('api', apiChoices, 'auto')
  const deployments = readDeployments(reader, { api, parts })
  const apiVersion = reader.parsed('api-version', parseVersion)
  requireCallable(reader, { target: place, deployments, api, apiVersion })
  requireOneVersion(reader, apiVersion, parts?.apiVersion)
  const access = readAccess(reader)
  const keys = readKeys(reader)
  const tokenAudience = readTokenAudience(reader, place)
  const settings: Settings = {
    target: withNeeds(reader, place, { access, deployments, keys }),
    identity: readIdentity(reader, cloud),
    ofEndpoint: { deployment: parts?.deployment, apiVersion: parts?.apiVersion },
    deployments,
    access,
    production: readProduction(reader),
    keys,
    models: readModels(reader),
    waiting: readWaiting(reader),
    smoke: { api, apiVersion: apiVersion ?? parts?.apiVersion, tokenAudience, ...readContent(reader) },
    failOn: readFailOn(reader),
    exportEnvironment: reader.flag('export-environment'),
    cloud,
    report: { ...readReporting(reader), githubToken: reader.text('github-token') },
  }
  reader.finish()
  return settings
}
