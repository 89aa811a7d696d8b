// Runs @adobe/aio-lib-target and @adobe/aio-lib-analytics, unmodified, against a Latchkey that stands in for the vendor: every call
// that they have, and what they make of refusals; and signs for Analytics 1.4 with wsse. One line of JSON for each says what came of it.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { UsernameToken } from 'wsse'

const require = createRequire(import.meta.url)
const [folder, local] = process.argv.slice(2)
const workspace = JSON.parse(readFileSync(`${folder}/workspace.json`, 'utf8')).project
const credentials = workspace.workspace.details.credentials
const oauth = credentials.find((c) => c.oauth_server_to_server).oauth_server_to_server
const jwt = credentials.find((c) => c.jwt).jwt
const org = workspace.org.ims_org_id

const { generateAccessToken } = require('@adobe/aio-lib-core-auth')
const { access_token: token } = await generateAccessToken({
  clientId: oauth.client_id, clientSecret: oauth.client_secrets[0], orgId: org, scopes: ['openid', 'AdobeID', 'read_organizations']
})
// Of the other credential: one that exchanges a JWT.
const { access_token: second } = await require('@adobe/jwt-auth')({
  clientId: jwt.client_id, clientSecret: jwt.client_secret, technicalAccountId: jwt.technical_account_id, orgId: org, metaScopes: 'ent_analytics_bulk_ingest_sdk',
  privateKey: readFileSync(`${folder}/private.key`, 'utf8')
})

function tell (line) { console.log(JSON.stringify(line)) }

const called = new Set(['constructor', 'init', '__createRequest', '__setHeaders', '__getAcceptHeader', '__getContentTypeHeader'])
async function call (client, as, name, ...args) {
  called.add(name)
  try {
    const response = await client[name](...args)
    const type = response.headers['content-type']
    tell({ call: as, status: response.status, type, body: response.body })
    return response.body
  } catch (e) {
    tell({ call: as, code: e.code, sdk: e.sdk?.sdkName ?? e.name, message: String(e.message).slice(0, 300) })
  }
}

async function fault (rule) {
  await fetch(`${local}/sim/_adobe/faults`, { method: 'DELETE' })
  if (rule) await fetch(`${local}/sim/_adobe/faults`, { method: 'PUT', body: JSON.stringify(rule) })
}

// The rate of Analytics is 12 calls in 6 s by user, and the server's own samples ask as the same one: each group of calls begins anew.
async function fresh () {
  const response = await fetch(`${local}/sim/_adobe/reset`, { method: 'POST' })
  if (response.status !== 204) throw new Error(`resetting the stand-ins: ${response.status}`)
}

function left (client) {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(client)).filter((name) => !called.has(name))
}

const target = await require('@adobe/aio-lib-target').init('sampletenant', oauth.client_id, token)
const t = (name, ...args) => call(target, name, name, ...args)
// Their swagger-client takes lists for sortBy and expansion, and no text.
await t('getActivities', { limit: 3, offset: 0, sortBy: ['name'] })
const ab = await t('createABActivity', { name: 'peers ab', state: 'saved', options: [] })
const xt = await t('createXTActivity', { name: 'peers xt' })
await t('getABActivityById', ab?.id)
await t('getXTActivityById', xt?.id)
await t('updateABActivity', ab?.id, { name: 'peers ab 2' })
await t('updateXTActivity', xt?.id, { name: 'peers xt 2' })
await t('setActivityName', ab?.id, 'renamed')
await t('setActivityState', ab?.id, 'approved')
await t('setActivityPriority', ab?.id, 7)
await t('setActivitySchedule', ab?.id, { start: '2026-01-01', end: '2027-01-01' })
await t('getActivityChangeLog', ab?.id)
await t('getABActivityPerformance', ab?.id)
await t('getXTActivityPerformance', xt?.id)
await t('getActivityPerformance', 3000002)
await t('getOrdersReport', ab?.id)
await t('deleteABActivity', ab?.id)
await t('deleteXTActivity', xt?.id)
await t('getOffers', { limit: 2, offset: 1, sortBy: ['id'] })
const offer = await t('createOffer', { name: 'peers', content: '<b>hi</b>' })
await t('getOfferById', offer?.id)
await t('updateOffer', offer?.id, { name: 'peers 2', content: '<i>hi</i>' })
await t('deleteOffer', offer?.id)
await t('getAudiences', { limit: 5, offset: 10, sortBy: ['modifiedAt'] })
const audience = await t('createAudience', { name: 'peers', targetRule: { and: [{ profile: 'memberLevel', equals: ['gold'] }] } })
await t('getAudienceById', audience?.id)
await t('updateAudience', audience?.id, { name: 'peers 2', targetRule: {} })
await t('deleteAudience', audience?.id)
const properties = await t('getProperties')
await t('getPropertyById', properties?.properties[0].id)
await t('getMBoxes')
await t('getMBoxByName', 'target-global-mbox')
await t('getMBoxProfileAttributes')
await t('getEnvironments')
await t('executeBatch', {
  operations: [
    { operationId: 1, method: 'POST', relativeUrl: '/v1/offers/content', body: { name: 'batch', content: 'x' } },
    { operationId: 2, dependsOnOperationIds: [1], method: 'GET', relativeUrl: '/v1/offers/content/{operationIdResponse:1}' }
  ]
})
tell({ client: 'target', left: left(target) })

await call(target, 'target: version', 'getAudiences', { limit: 1, headers: { accept: 'application/vnd.adobe.target.v9+json' } })
const stranger = await require('@adobe/aio-lib-target').init('sampletenant', jwt.client_id, token)
await call(stranger, 'target: key', 'getAudiences')
const lost = await require('@adobe/aio-lib-target').init('sampleclient', oauth.client_id, token)
await call(lost, 'target: tenant', 'getAudiences')
await fault({ fault: 'revoked_profile' })
await call(target, 'target: profile', 'getAudiences')
await fault({ fault: 'observer' })
await call(target, 'target: role', 'createOffer', { name: 'peers', content: 'x' })
await fault()

const init = require('@adobe/aio-lib-analytics').init
const analytics = await init('sampleco0', oauth.client_id, token)
const a = (name, ...args) => call(analytics, name, name, ...args)
const rsid = 'sampleco0.prod'
await fresh()
await a('getCollections', { limit: 2, page: 1 })
await a('getCollectionById', rsid)
await a('getSegments', { limit: 2, expansion: ['modified', 'definition'] })
await a('validateSegment', rsid, { definition: { func: 'segment', version: [1, 0, 0] } })
await a('getMetrics', rsid)
await fresh()
await a('getMetricById', 'visits', rsid)
await a('getDimensions', rsid)
await a('getDimensionById', 'evar1', rsid)
await a('getCurrentUser')
await fresh()
await a('getUsers')
await a('getCalculatedMetrics')
await a('getDateRanges')
await fault({ host: 'analytics.adobe.io', fault: 'rate_limit=1' })
await call(analytics, 'analytics: rate', 'getCurrentUser')
await fault()
const other = await init('sampleco0', jwt.client_id, second)
await fresh()
const b = (name, ...args) => call(other, name, name, ...args)
await b('getCalculatedMetricById', 'cm1001_5f1f3a0b2c3d4e5f60718293')
await b('getDateRangeById', '5f1f3a0b2c3d4e5f60718294')
await b('getUsageLogs', '2026-01-01T00:00:00', '2026-02-01T00:00:00')
const report = (id) => ({
  rsid, dimension: 'variables/page', globalFilters: [{ type: 'dateRange', dateRange: '2026-01-01T00:00:00.000/2026-02-01T00:00:00.000' }],
  metricContainer: { metrics: [{ columnId: '0', id: 'metrics/visits' }, { columnId: '1', id }] }, settings: { limit: 10, page: 3 }
})
await b('getReport', report('metrics/orders'))
tell({ client: 'analytics', left: left(analytics) })
await fresh()
await call(other, 'analytics: partial', 'getReport', report('metrics/nothing'))
const nobody = await init('otherco', jwt.client_id, second)
await call(nobody, 'analytics: company', 'getCurrentUser')
await fault({ fault: 'no_permissions' })
await call(other, 'analytics: permissions', 'getReport', report('metrics/orders'))
await fault()

const vector = new UsernameToken({
  username: 'user1:Acme Inc', password: '75d0test', created: '2018-05-14T15:56:54Z', nonce: 'd41d8cd9-8f00-4204-8980-0998ecf8427e'
})
const signer = new UsernameToken({ username: 'ada:Sample Company', password: '75d0test' })
async function suites (sign) {
  const response = await fetch(`${local}/sim/api.omniture.com/admin/1.4/rest/?method=Company.GetReportSuites`, {
    method: 'POST', headers: { 'X-WSSE': sign, 'content-type': 'application/json' }, body: JSON.stringify({ types: ['standard'], search: '' })
  })
  return { status: response.status, body: await response.json() }
}
const sign = signer.getWSSEHeader({ nonceBase64: true })
tell({
  wsse: vector.getWSSEHeader({ nonceBase64: true }), taken: await suites(sign), again: await suites(sign), clear: await suites(signer.newToken().getWSSEHeader())
})
