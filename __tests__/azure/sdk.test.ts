import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline'
import { removeSdkVariables } from '../../src/azure/sdk-environment.ts'
import { sdkOptions } from '../../src/azure/sdk-transport.ts'
import type { HttpRequest } from '../../src/core/http/client.ts'

test('variables that change where the SDKs sign in, or what they print, are removed; the user’s own stay', () => {
  const kept = { HTTPS_PROXY: 'http://proxy.example', NODE_EXTRA_CA_CERTS: '/ca.pem', AZURE_CLIENT_ID: 'x' }
  const env: Record<string, string | undefined> = {
    ...kept,
    AZURE_AUTHORITY_HOST: 'https://evil.example',
    AZURE_REGIONAL_AUTHORITY_NAME: 'x',
    AZURE_IDENTITY_DISABLE_MULTITENANTAUTH: 'x',
    MSAL_FORCE_REGION: 'x',
    REGION_NAME: 'x',
    AZURE_LOG_LEVEL: 'verbose',
    TYPESPEC_RUNTIME_LOG_LEVEL: 'verbose',
    DEBUG: '*',
    NODE_DEBUG: 'http',
    ACTIONS_ORCHESTRATION_ID: 'x',
  }
  removeSdkVariables(env)

  expect(env).toStrictEqual(kept)
})

describe('the SDKs send their requests through our client', () => {
  const sent: HttpRequest[] = []
  const { httpClient, ...options } = sdkOptions(async request => {
    sent.push(request)
    return { status: 201, headers: { 'x-ms-request-id': 'r' }, body: '{}' }
  })
  const headers = { accept: 'application/json' }
  const send = (body?: string | Blob) => {
    sent.length = 0
    return httpClient.sendRequest(
      createPipelineRequest({
        url: 'https://management.azure.com/x',
        method: 'PUT',
        headers: createHttpHeaders(headers),
        ...(body === undefined ? {} : { body }),
      }),
    )
  }

  test('as they are', async () => {
    const { status, headers: received, bodyAsText, request } = await send('{"a":1}')

    expect(sent).toStrictEqual([
      { method: 'PUT', url: 'https://management.azure.com/x', headers, body: '{"a":1}' },
    ])
    expect({ status, bodyAsText, id: received.get('x-ms-request-id') }).toEqual({
      status: 201,
      bodyAsText: '{}',
      id: 'r',
    })
    expect(request.method).toBe('PUT')
  })

  test('a request without a body has none', async () => {
    await send()
    await httpClient.sendRequest(
      Object.assign(createPipelineRequest({ url: 'https://management.azure.com/y' }), { body: null }),
    )
    expect(sent.pop()).toStrictEqual({ method: 'GET', url: 'https://management.azure.com/y', headers: {} })
    expect(sent).toStrictEqual([{ method: 'PUT', url: 'https://management.azure.com/x', headers }])
  })

  test('and nothing but text', async () => {
    await expect(send(new Blob(['x']))).rejects.toThrow(new TypeError('Only text bodies are sent to Azure'))
    expect(sent).toEqual([])
  })

  test('once, to their address, without their own proxy', () => {
    expect(options).toEqual({
      retryOptions: { maxRetries: 0 },
      redirectOptions: { maxRetries: 0 },
      proxyOptions: { host: 'http://unused.invalid', port: 1 },
      userAgentOptions: { userAgentPrefix: 'key-less-gate' },
    })
  })
})
