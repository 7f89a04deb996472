import { randomUUID } from 'node:crypto'
import type { ServiceRequest } from '../service.ts'
import type { Account, Deployment } from '../world.ts'

/** The headers of every reply, refusals included. */
export function commonHeaders({ headers }: ServiceRequest): Record<string, string> {
  const clientRequestId = headers['x-ms-client-request-id']
  return {
    'apim-request-id': randomUUID(),
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    'x-content-type-options': 'nosniff',
    ...(clientRequestId !== undefined && { 'x-ms-client-request-id': clientRequestId }),
  }
}

/** Regions as the service prints them. A region that is not listed stays as it is. */
const REGION_NAMES: Readonly<Record<string, string>> = {
  eastus: 'East US',
  eastus2: 'East US 2',
  northcentralus: 'North Central US',
  southcentralus: 'South Central US',
  westus: 'West US',
  westus3: 'West US 3',
  francecentral: 'France Central',
  germanywestcentral: 'Germany West Central',
  northeurope: 'North Europe',
  swedencentral: 'Sweden Central',
  switzerlandnorth: 'Switzerland North',
  uksouth: 'UK South',
  westeurope: 'West Europe',
}

export const regionHeader = ({ location }: Account) => ({ 'x-ms-region': REGION_NAMES[location] ?? location })

/**
 * Further headers of a model's answer. A unit of capacity is one request and a thousand tokens a minute. Nothing is counted
 * across requests, so each looks like the first of its minute.
 */
export function modelHeaders({ name, sku }: Deployment, usedTokens: number): Record<string, string> {
  const requests = sku.capacity
  const tokens = sku.capacity * 1000
  return {
    'x-request-id': randomUUID(),
    'x-accel-buffering': 'no',
    'azureml-model-session': 'd20260330170902-0e618f323d34',
    'skip-error-remapping': 'true',
    'x-ms-deployment-name': name,
    'x-ms-is-spilled-over': 'false',
    'x-ms-rai-invoked': 'true',
    'x-ratelimit-abusepenalty-active': 'False',
    'x-ratelimit-limit-requests': String(requests),
    'x-ratelimit-limit-tokens': String(tokens),
    'x-ratelimit-remaining-requests': String(Math.max(0, requests - 1)),
    'x-ratelimit-remaining-tokens': String(Math.max(0, tokens - usedTokens)),
    'x-ratelimit-renewalperiod-requests': '60',
    'x-ratelimit-renewalperiod-tokens': '60',
    'x-ratelimit-reset-requests': '500',
    'x-ratelimit-reset-tokens': '7',
  }
}
