/**
 * As soon as its tls is loaded, Node reads the certificates that it trusts, on a second thread; the first connection waits for them.
 * So index.ts imports this first: meanwhile the rest of it loads, and reads the inputs. A job that may not ask for a token makes no
 * request, and needs no tls.
 */
if (process.env.ACTIONS_ID_TOKEN_REQUEST_URL) process.getBuiltinModule('node:tls')
