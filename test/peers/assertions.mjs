// Runs oauth4webapi, a strict OAuth 2 client, through private_key_jwt, the JWT bearer grant and token exchange, with a
// server-to-server credential that has two certificates. One line of JSON says what came of it.
import { createRequire } from 'node:module'
import { createPrivateKey, randomUUID, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as o from 'oauth4webapi'

const sign = createRequire(import.meta.url)('jsonwebtoken').sign
const [folder, local, rsaPath, ecPath] = process.argv.slice(2)
const credentials = JSON.parse(readFileSync(`${folder}/workspace.json`, 'utf8')).project.workspace.details.credentials
const oauth = credentials.find((c) => c.oauth_server_to_server).oauth_server_to_server
const jwt = credentials.find((c) => c.jwt).jwt
const rsaKey = createPrivateKey(readFileSync(rsaPath))
const ecKey = createPrivateKey(readFileSync(ecPath))
const usable = (key, algorithm) => webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign'])
const decode = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

const insecure = { [o.allowInsecureRequests]: true }
const issuer = new URL(local)
const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }))
const client = { client_id: oauth.client_id }
const ways = {
  ES256: o.PrivateKeyJwt(await usable(ecKey, { name: 'ECDSA', namedCurve: 'P-256' })),
  RS256: o.PrivateKeyJwt(await usable(rsaKey, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' })),
  PS256: o.PrivateKeyJwt(await usable(rsaKey, { name: 'RSA-PSS', hash: 'SHA-256' }))
}
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const accessType = 'urn:ietf:params:oauth:token-type:access_token'
const ask = async (who, auth, grant, parameters) => o.processGenericTokenEndpointResponse(as, who,
  await o.genericTokenEndpointRequest(as, who, auth, grant, parameters, insecure))
const refusal = async (act) => { try { await act(); return '' } catch (e) { return e.error ?? e.cause?.[0]?.parameters?.error ?? String(e) } }

const out = { methods: as.token_endpoint_auth_methods_supported, algorithms: as.token_endpoint_auth_signing_alg_values_supported }
let token
for (const [algorithm, auth] of Object.entries(ways)) {
  const answer = await o.processClientCredentialsResponse(as, client, await o.clientCredentialsGrantRequest(as, client, auth, { scope: 'openid' }, insecure))
  token = answer.access_token
  out[algorithm] = answer.expires_in
}
const look = async (which) => o.processIntrospectionResponse(as, client, await o.introspectionRequest(as, client, ways.ES256, which, insecure))
out.active = (await look(token)).active
await o.processRevocationResponse(await o.revocationRequest(as, client, ways.RS256, token, insecure))
out.after = (await look(token)).active

// The same assertion a second time.
let id
const once = o.PrivateKeyJwt(await usable(ecKey, { name: 'ECDSA', namedCurve: 'P-256' }), { [o.modifyAssertion]: (_header, payload) => { id ??= payload.jti; payload.jti = id } })
out.first = await refusal(() => ask(client, once, 'client_credentials', { scope: 'openid' }))
out.replayed = await refusal(() => ask(client, once, 'client_credentials', { scope: 'openid' }))

// The JWT bearer grant, without any other proof.
const bearer = (changes) => sign({ iss: client.client_id, sub: oauth.technical_account_id, aud: [as.token_endpoint, 'https://other.example'], jti: randomUUID(), ...changes },
  ecKey, { algorithm: 'ES256', expiresIn: 60 })
const granted = await ask(client, o.None(), bearerGrant, { assertion: bearer({}), scope: 'openid target_sdk' })
out.bearer = decode(granted.access_token).user_id === oauth.technical_account_id
out.elsewhere = await refusal(() => ask(client, o.None(), bearerGrant, { assertion: bearer({ aud: 'https://other.example' }) }))

// Token exchange: what the service account's caller may, the other service does for it.
const service = { client_id: jwt.client_id }
const traded = await ask(service, o.ClientSecretPost(jwt.client_secret), exchangeGrant,
  { subject_token: granted.access_token, subject_token_type: accessType, requested_token_type: accessType, scope: 'target_sdk' })
out.issued = traded.issued_token_type
out.scope = traded.scope
const claims = decode(traded.access_token)
out.subject = claims.user_id === oauth.technical_account_id && claims.client_id === jwt.client_id
out.actor = (await look(traded.access_token)).act?.sub === jwt.technical_account_id
const own = await ask(client, ways.ES256, exchangeGrant,
  { subject_token: traded.access_token, subject_token_type: accessType, resource: local })
out.nested = decode(own.access_token).act?.act?.sub === jwt.technical_account_id
await o.validateJwtAccessToken(as, new Request(`${local}/api/v1`, { headers: { authorization: `Bearer ${own.access_token}` } }), local, insecure)
out.target = await refusal(() => ask(client, ways.ES256, exchangeGrant, { subject_token: traded.access_token, subject_token_type: accessType, audience: 'https://other.example' }))
await o.processRevocationResponse(await o.revocationRequest(as, client, ways.ES256, granted.access_token, insecure))
out.ended = (await look(own.access_token)).active
console.log(JSON.stringify(out))
