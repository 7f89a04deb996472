/** Addresses to which a token for inference must not go: from a run for Azure, or for a cloud of one's own below contoso.example. */
export const misrouted: ReadonlyArray<readonly [string, 'AzureCloud' | 'custom', string]> = [
  ['without TLS', 'AzureCloud', 'http://contoso.openai.azure.com'],
  ['to another cloud', 'AzureCloud', 'https://contoso.openai.azure.us'],
  ['to a host that only ends alike', 'AzureCloud', 'https://evilopenai.azure.com'],
  ['to a host that only begins alike', 'AzureCloud', 'https://contoso.openai.azure.com.evil.example'],
  ['to a host instead of a password', 'AzureCloud', 'https://contoso.openai.azure.com@evil.example'],
  ['with a user name', 'AzureCloud', 'https://user@contoso.openai.azure.com'],
  ['with a password', 'AzureCloud', 'https://:word@contoso.openai.azure.com'],
  ['to the parent of a domain', 'AzureCloud', 'https://azure.com'],
  ['to a host that is no URL', 'AzureCloud', 'contoso.openai.azure.com'],
  ['to Azure, from a cloud of ones own', 'custom', 'https://contoso.openai.azure.com'],
  ['beside the host that was named', 'custom', 'https://evil.contoso.example'],
]
