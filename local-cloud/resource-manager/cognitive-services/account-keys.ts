import * as v from 'valibot'
import { type AccountKeys, keysOf } from '../../inference/keys.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { ArmError } from '../errors.ts'
import type { Call, Gateway } from '../gateway.ts'
import { readBody } from '../request-body.ts'
import { ACCOUNT_PATH, ACCOUNT_TYPE, authorizedAccount } from './account-access.ts'

const REGENERATION = v.strictObject({ keyName: v.string() })

/** The API keys of an account. */
export function accountKeyRoutes(gateway: Gateway): Route[] {
  function list(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${ACCOUNT_TYPE}/listKeys/action`)
    if (account.disableLocalAuth === true) throw keyListRefused()
    return { status: 200, body: keysOf(account) }
  }

  /** The old key stops working at once. Keys can be regenerated while key access is off: no refusal of Azure's is known. */
  function regenerate(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${ACCOUNT_TYPE}/regenerateKey/action`)
    account.regeneratedKeys[keyNamed(readBody(call, REGENERATION).keyName)] += 1
    return { status: 200, body: keysOf(account) }
  }

  return gateway.routes([
    ['accounts.listKeys', 'POST', `${ACCOUNT_PATH}/listKeys`, 'Accounts_ListKeys', list],
    ['accounts.regenerateKey', 'POST', `${ACCOUNT_PATH}/regenerateKey`, 'Accounts_RegenerateKey', regenerate],
  ])
}

/**
 * Either spelling is accepted: the description has `Key1`, az documents `key1`.
 * @throws ArmError 400
 */
function keyNamed(name: string): keyof AccountKeys {
  const known = name.toLowerCase()
  if (known === 'key1' || known === 'key2') return known
  throw new ArmError(
    400,
    'BadRequest',
    `The key name '${name}' is invalid. Valid values are 'Key1' and 'Key2'.`,
  )
}

/** Quoted by users: Azure/terraform-azurerm-avm-res-cognitiveservices-account#130, microsoft/microsoft-foundry-for-vscode#192. */
const keyListRefused = () =>
  new ArmError(400, 'BadRequest', 'Failed to list key. disableLocalAuth is set to be true')
