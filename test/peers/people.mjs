// Runs clients of others that sign people in, unmodified: each sends a browser to the authority, and goes on with the code that
// it brings back. The browser is a small one, which presses Allow. One line of JSON for each client says what came of it.
import { createRequire } from 'node:module'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as o from 'oauth4webapi'

const require = createRequire(import.meta.url)
const [folder, local, signInURL] = process.argv.slice(2)
const credentials = JSON.parse(readFileSync(`${folder}/workspace.json`, 'utf8')).project.workspace.details.credentials
const web = credentials.find((c) => c.oauth2?.client_secret).oauth2
const native = credentials.find((c) => c.oauth2 && !c.oauth2.client_secret).oauth2
const decode = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

async function run (name, act) {
  let result
  try { result = await act() } catch (e) { result = { error: String(e.code ?? ''), message: String(e.message ?? e).slice(0, 300), cause: String(e.cause?.message ?? JSON.stringify(e.cause) ?? '') } }
  console.log(JSON.stringify({ name, ...result }))
}

const refusal = async (act) => { try { await act(); return '' } catch (e) { return e.error ?? e.cause?.[0]?.parameters?.error ?? String(e) } }

// The browser: it keeps cookies, follows redirects and sends the form of a page by its first button, until it is led elsewhere.
const cookies = new Map()
const asked = []
async function browse (start) {
  let request = { url: new URL(start), method: 'GET' }
  for (let i = 0; i < 12; i++) {
    const response = await fetch(request.url, {
      method: request.method, body: request.body, redirect: 'manual', headers: { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') }
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/)
      cookies.set(name, value)
    }
    const page = await response.text()
    const location = response.headers.get('location')
    if (location) {
      request = { url: new URL(location, request.url), method: 'GET' }
      if (request.url.origin !== local) return request.url
      continue
    }
    const form = page.match(/<form[^>]*method="post"[^>]*action="([^"]*)"[^]*?<\/form>/)
    if (!form || !page.includes('name="decision"')) return page
    asked.push(page.match(/<h1>([^<]*)/)[1])
    request = { url: new URL(plain(form[1]), request.url), method: 'POST', body: fields(form[0]) }
  }
  throw new Error('the browser is led in circles')
}

const plain = (text) => text.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) => code ? String.fromCodePoint(code) : { amp: '&', lt: '<', gt: '>', quot: '"' }[name])

function fields (form) {
  const out = new URLSearchParams()
  for (const [, name, value] of form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) out.append(plain(name), plain(value))
  const [, name, value] = form.match(/<button[^>]*name="([^"]*)" value="([^"]*)"/)
  out.append(name, value)
  return out
}

await browse(signInURL)

const insecure = { [o.allowInsecureRequests]: true }
const half = (token) => createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')

await run('oauth4webapi', async () => {
  const issuer = new URL(local)
  const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, insecure))
  const client = { client_id: web.client_id }
  const auth = o.ClientSecretBasic(web.client_secret)
  const verifier = o.generateRandomCodeVerifier()
  const [state, nonce] = [o.generateRandomState() + '+/=', o.generateRandomNonce()]
  const ask = async (changes = {}) => {
    const url = new URL(as.authorization_endpoint)
    const parameters = {
      client_id: client.client_id, redirect_uri: web.defaultRedirectUri, response_type: 'code', scope: 'openid profile email offline_access', state, nonce,
      code_challenge: await o.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...changes
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return browse(url)
  }
  const redeem = async (parameters, withVerifier = verifier) => {
    const response = await o.authorizationCodeGrantRequest(as, client, auth, parameters, web.defaultRedirectUri, withVerifier, insecure)
    const answer = await o.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true, maxAge: 600 })
    await o.validateApplicationLevelSignature(as, response, insecure)
    return answer
  }
  const parameters = o.validateAuthResponse(as, client, await ask(), state)
  const wrong = await refusal(() => redeem(parameters, o.generateRandomCodeVerifier()))
  const first = await redeem(parameters)
  const claims = o.getValidatedIdTokenClaims(first)
  const user = await o.processUserInfoResponse(as, client, claims.sub, await o.userInfoRequest(as, client, first.access_token, insecure))
  const look = async (token) => (await o.processIntrospectionResponse(as, client, await o.introspectionRequest(as, client, auth, token, insecure))).active
  const refresh = async (token) => o.processRefreshTokenResponse(as, client, await o.refreshTokenGrantRequest(as, client, auth, token, insecure))
  const second = await refresh(first.refresh_token)
  const again = await refresh(first.refresh_token)
  const third = await refresh(second.refresh_token)
  const before = [await look(third.refresh_token), await look(third.access_token)]
  await o.processRevocationResponse(await o.revocationRequest(as, client, auth, third.refresh_token, insecure))
  const after = [await look(third.refresh_token), await look(third.access_token), await look(first.access_token)]
  const ended = await refusal(() => refresh(third.refresh_token))
  // A code is good once, and what it gave ends when it comes again.
  const other = o.validateAuthResponse(as, client, await ask(), state)
  const stolen = await redeem(other)
  const replayed = await refusal(() => redeem(other))
  const denied = o.validateAuthResponse.bind(null, as, client, await ask({ scope: 'openid nonsense' }), state)
  // The code and an id_token that vouches for it (OpenID Connect's hybrid flow).
  const hybrid = await o.validateCodeIdTokenResponse(as, client, await ask({ response_type: 'code id_token' }), nonce, state, undefined, insecure)
  const mixed = await redeem(hybrid)
  return {
    issuer: as.issuer, iss: parameters.get('iss'), wrong, subject: claims.sub === user.sub && claims.sub === first.sub, email: user.email, given: claims.given_name,
    at_hash: claims.at_hash === half(first.access_token), rotated: second.refresh_token !== first.refresh_token && third.refresh_token !== second.refresh_token,
    successor: again.refresh_token === second.refresh_token, before: before.join(), after: after.join(), ended, replayed, stolen: await look(stolen.access_token),
    denied: await refusal(async () => denied()), hybrid: mixed.token_type, asked: asked.length
  }
})

await run('oauth4webapi, without a secret', async () => {
  const issuer = new URL(local)
  const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }))
  const client = { client_id: native.client_id }
  const redirect = 'http://127.0.0.1:51004/callback' // at any port (RFC 8252 §7.3)
  const verifier = o.generateRandomCodeVerifier()
  const ask = async (parameters) => browse(`${as.authorization_endpoint}?${new URLSearchParams({ client_id: client.client_id, redirect_uri: redirect, response_type: 'code', ...parameters })}`)
  const unproven = await refusal(async () => o.validateAuthResponse(as, client, await ask({ scope: 'connections:read' }), o.expectNoState))
  const back = await ask({ scope: 'connections:read', resource: local, code_challenge: await o.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' })
  const parameters = o.validateAuthResponse(as, client, back, o.expectNoState)
  const response = await o.authorizationCodeGrantRequest(as, client, o.None(), parameters, redirect, verifier, insecure)
  const answer = await o.processAuthorizationCodeResponse(as, client, response)
  const request = new Request(`${local}/api/v1/connections`, { headers: { authorization: `Bearer ${answer.access_token}` } })
  const claims = await o.validateJwtAccessToken(as, request, local, insecure)
  const called = await o.protectedResourceRequest(answer.access_token, 'GET', new URL(`${local}/api/v1/connections`), undefined, undefined, insecure)
  const listed = called.status
  await o.processRevocationResponse(await o.revocationRequest(as, client, o.None(), answer.access_token, insecure))
  const afterwards = await fetch(`${local}/api/v1/connections`, { headers: { authorization: `Bearer ${answer.access_token}` } })
  return {
    unproven, refresh: answer.refresh_token ?? '', scope: claims.scope, client: claims.client_id === client.client_id, listed, afterwards: afterwards.status,
    challenge: afterwards.headers.get('www-authenticate')
  }
})

await run('oauth4webapi, registered by itself', async () => {
  const issuer = new URL(local)
  const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, insecure))
  const register = async (metadata) => o.processDynamicClientRegistrationResponse(await o.dynamicClientRegistrationRequest(as, metadata, insecure))
  const redirect = 'https://registered.example/callback'
  const client = await register({ client_name: 'Peer', redirect_uris: [redirect, `${redirect}?second=1`], grant_types: ['authorization_code', 'refresh_token'], scope: 'openid' })
  const verifier = o.generateRandomCodeVerifier()
  const back = await browse(`${as.authorization_endpoint}?${new URLSearchParams({
    client_id: client.client_id, redirect_uri: `${redirect}?second=1`, response_type: 'code', scope: 'openid offline_access',
    code_challenge: await o.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256'
  })}`)
  const parameters = o.validateAuthResponse(as, client, back, o.expectNoState)
  const response = await o.authorizationCodeGrantRequest(as, client, o.ClientSecretBasic(client.client_secret), parameters, `${redirect}?second=1`, verifier, insecure)
  const answer = await o.processAuthorizationCodeResponse(as, client, response)
  const open = await register({ redirect_uris: ['com.example.app:/back'], token_endpoint_auth_method: 'none' })
  const refused = await refusal(() => register({ redirect_uris: ['https://registered.example/#x'] }))
  return {
    method: client.token_endpoint_auth_method, ends: client.client_secret_expires_at, second: back.searchParams.get('second'),
    token: typeof answer.access_token, refresh: typeof answer.refresh_token, open: open.token_endpoint_auth_method, secret: open.client_secret ?? '', refused
  }
})

await run('@adobe/aio-lib-ims', async () => {
  const { Ims } = require('@adobe/aio-lib-ims')
  const ims = new Ims('prod')
  const scopes = 'openid AdobeID email offline_access'
  // The client has the vendor's host built in, and comes here by the proxy; the person's browser does not.
  const sent = new URL(ims.getSusiUrl(web.client_id, scopes, web.defaultRedirectUri, 'a+/='))
  const back = await browse(local + sent.pathname + sent.search)
  const first = await ims.getAccessToken(back.searchParams.get('code'), web.client_id, web.client_secret, scopes)
  const second = await ims.getAccessToken(first.refresh_token.token, web.client_id, web.client_secret, scopes)
  const profile = await ims.get('/ims/profile/v1', second.access_token.token)
  const valid = await ims.validateToken(second.access_token.token, web.client_id)
  const refreshable = await ims.validateToken(second.refresh_token.token, web.client_id)
  await ims.invalidateToken(second.refresh_token.token, web.client_id, web.client_secret)
  const after = []
  for (const token of [second.refresh_token, second.access_token, first.access_token]) after.push((await ims.validateToken(token.token, web.client_id)).reason)
  let refused
  try { await ims.getAccessToken(second.refresh_token.token, web.client_id, web.client_secret, scopes) } catch (e) { refused = e.message.includes('invalid_grant') }
  return {
    state: back.searchParams.get('state'), valid: valid.valid, refreshable: refreshable.valid, user: profile.userId === decode(first.access_token.token).user_id, email: profile.email,
    payload: first.payload.userId === profile.userId, lives: Math.round((first.refresh_token.expiry - Date.now()) / 3600e3), after: after.join(), refused
  }
})

await run('passport-adobe-oauth2', async () => {
  const { Strategy } = require('passport-adobe-oauth2')
  const strategy = (done) => {
    const s = new Strategy({ clientID: web.client_id, clientSecret: web.client_secret, callbackURL: web.defaultRedirectUri, authorizationEndpoint: local },
      (access, refresh, profile, verified) => verified(null, { access, refresh, profile }))
    for (const outcome of ['redirect', 'success', 'fail', 'error']) s[outcome] = (value) => done({ [outcome]: value })
    return s
  }
  const step = (query, options) => new Promise((resolve) => strategy(resolve).authenticate({ query, headers: {}, connection: {}, url: '/' }, options))
  const { redirect } = await step({}, { scope: ['openid', 'AdobeID', 'email'] })
  const back = await browse(redirect)
  const { success, error, fail } = await step(Object.fromEntries(back.searchParams), {})
  if (!success) throw error ?? new Error(`it failed: ${fail}`)
  const denied = await step({ error: 'access_denied' }, {})
  return { user: success.profile.id === decode(success.access).user_id, email: success.profile.emails[0].value, display: success.profile.displayName, denied: 'fail' in denied }
})
