// Runs Adobe's own clients, unmodified, against the sample project of a Latchkey that stands in for the vendor: each does
// what its documentation shows. One line of JSON for each says what came of it.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const require = createRequire(import.meta.url)
const [folder, local] = process.argv.slice(2)
const workspace = JSON.parse(readFileSync(`${folder}/workspace.json`, 'utf8')).project
const credentials = workspace.workspace.details.credentials
const org = workspace.org.ims_org_id
const jwt = credentials.find((c) => c.jwt).jwt
const oauth = credentials.find((c) => c.oauth_server_to_server).oauth_server_to_server
const privateKey = readFileSync(`${folder}/private.key`, 'utf8')
const decode = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

async function run (name, act) {
  let result
  try { result = await act() } catch (e) { result = { error: String(e.code ?? ''), message: String(e.message ?? e).slice(0, 300) } }
  console.log(JSON.stringify({ name, ...result }))
}

const told = (token) => { const t = decode(token); return { user: t.user_id, client: t.client_id, scope: t.scope, life: t.expires_in } }

await run('@adobe/jwt-auth', async () => {
  const auth = require('@adobe/jwt-auth')
  const config = {
    clientId: jwt.client_id, clientSecret: jwt.client_secret, technicalAccountId: jwt.technical_account_id, orgId: org, privateKey,
    metaScopes: ['ent_marketing_sdk'], ims: local
  }
  const answer = await auth(config)
  let refused
  try { await auth({ ...config, metaScopes: ['ent_documentcloud_sdk'] }) } catch (e) { refused = { code: e.code, message: e.message } }
  return { ...told(answer.access_token), type: answer.token_type, expires: answer.expires_in, refused }
})

await run('@adobe/auth-token', async () => {
  const { auth } = await import('@adobe/auth-token')
  const answer = await auth({ clientId: oauth.client_id, clientSecret: oauth.client_secrets[0], scope: 'openid,AdobeID,target_sdk' })
  return { ...told(answer.access_token), expires: answer.expires_in }
})

await run('@adobe/aio-lib-core-auth', async () => {
  const { generateAccessToken } = require('@adobe/aio-lib-core-auth')
  const answer = await generateAccessToken({
    clientId: oauth.client_id, clientSecret: oauth.client_secrets[0], orgId: org, scopes: ['openid', 'AdobeID', 'target_sdk']
  })
  return { ...told(answer.access_token), expires: answer.expires_in }
})

await run('@adobe/aio-lib-ims', async () => {
  const { Ims, ValidationCache } = require('@adobe/aio-lib-ims')
  const ims = new Ims('prod')
  const signed = require('jsonwebtoken').sign({
    exp: Math.floor(Date.now() / 1000) + 300, iss: org, sub: jwt.technical_account_id, aud: `https://ims-na1.adobelogin.com/c/${jwt.client_id}`,
    'https://ims-na1.adobelogin.com/s/ent_user_sdk': true, 'https://ims-na1.adobelogin.com/s/ent_marketing_sdk': true
  }, privateKey, { algorithm: 'RS256' })
  const exchanged = await ims.exchangeJwtToken(jwt.client_id, jwt.client_secret, signed)
  const token = exchanged.payload ? exchanged.payload.access_token : exchanged.access_token.token
  const server = await ims.getAccessTokenByClientCredentials(oauth.client_id, oauth.client_secrets[0], org, ['openid', 'AdobeID', 'read_organizations'])
  const second = server.payload.access_token
  const valid = await ims.validateToken(token, jwt.client_id)
  const organizations = await ims.getOrganizations(second)
  const profile = await ims.get('/ims/profile/v1', second)
  const invalidated = await ims.invalidateToken(token, jwt.client_id, jwt.client_secret)
  const after = await ims.validateToken(token, jwt.client_id)
  return {
    jwt: told(token), server: told(second), valid: valid.valid, org: organizations[0].orgRef.ident, profile: profile.userId, invalidated: invalidated ?? '',
    after: after.valid, reason: after.reason, cache: typeof ValidationCache
  }
})

await run('oauth4webapi', async () => {
  const o = await import('oauth4webapi')
  const insecure = { [o.allowInsecureRequests]: true }
  const issuer = new URL(local)
  const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }))
  const client = { client_id: oauth.client_id }
  const basic = o.ClientSecretBasic(oauth.client_secrets[0])
  const answer = await o.processClientCredentialsResponse(as, client, await o.clientCredentialsGrantRequest(as, client, basic,
    { scope: 'openid tokens:read', resource: local }, insecure))
  const look = async () => o.processIntrospectionResponse(as, client, await o.introspectionRequest(as, client, basic, answer.access_token, insecure))
  const before = await look()
  const request = new Request(`${local}/api/v1`, { headers: { authorization: `Bearer ${answer.access_token}` } })
  const claims = await o.validateJwtAccessToken(as, request, local, insecure)
  await o.processRevocationResponse(await o.revocationRequest(as, client, basic, answer.access_token, insecure))
  const after = await look()
  let refused
  try {
    await o.processClientCredentialsResponse(as, client, await o.clientCredentialsGrantRequest(as, client, o.ClientSecretPost('wrong'), {}, insecure))
  } catch (e) { refused = e.error ?? e.cause?.[0]?.parameters?.error ?? e.code }
  return { issuer: as.issuer, expires: answer.expires_in, active: before.active, scope: before.scope, subject: claims.sub, after: after.active, refused }
})

await run('oauth4webapi, by the vendor\'s name', async () => {
  const o = await import('oauth4webapi')
  const issuer = new URL('https://ims-na1.adobelogin.com')
  const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer))
  const client = { client_id: oauth.client_id }
  const answer = await o.processClientCredentialsResponse(as, client, await o.clientCredentialsGrantRequest(as, client, o.ClientSecretBasic(oauth.client_secrets[0]),
    { scope: 'openid tokens:read', resource: issuer.origin }))
  const request = new Request(`${issuer.origin}/api/v1`, { headers: { authorization: `Bearer ${answer.access_token}` } })
  const claims = await o.validateJwtAccessToken(as, request, issuer.origin)
  const called = await fetch(`${local}/api/v1/connections`, { headers: request.headers })
  return { issuer: as.issuer, claimed: claims.iss, endpoint: as.token_endpoint, called: called.status }
})
