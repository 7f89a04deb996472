/**
 * When tls is loaded, Node reads the trusted certificates on a second thread, and the first connection waits for them. index.ts
 * imports this file first, so that they are read while the rest loads and reads the inputs. A job without an OIDC token makes no
 * request, and needs no tls.
 */
if (process.env.ACTIONS_ID_TOKEN_REQUEST_URL) process.getBuiltinModule('node:tls')
