// Runs @adobe/aio-lib-console, unmodified, against a Latchkey that stands in for the vendor: every call that it has, in the
// order in which somebody would set up a project. One line of JSON for each says what came of it.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'

const require = createRequire(import.meta.url)
const [folder] = process.argv.slice(2)
const workspace = JSON.parse(readFileSync(`${folder}/workspace.json`, 'utf8')).project
const oauth = workspace.workspace.details.credentials.find((c) => c.oauth_server_to_server).oauth_server_to_server
const certificate = readFileSync(`${folder}/certificate_pub.crt`)

const { generateAccessToken } = require('@adobe/aio-lib-core-auth')
const { access_token: token } = await generateAccessToken({
  clientId: oauth.client_id, clientSecret: oauth.client_secrets[0], orgId: workspace.org.ims_org_id,
  scopes: ['openid', 'AdobeID', 'adobeio_api', 'read_client_secret', 'manage_client_secrets']
})
const client = await require('@adobe/aio-lib-console').init(token, oauth.client_id, 'prod')

// What a call was answered with; undefined where it was refused.
const called = new Set(['constructor', 'init', '__createRequestOptions'])
async function call (name, ...args) {
  called.add(name)
  try {
    const response = await client[name](...args)
    const body = response.body?.getReader ? await response.json() : response.body
    console.log(JSON.stringify({ call: name, status: response.status, body }))
    return body
  } catch (e) {
    console.log(JSON.stringify({ call: name, code: e.code, message: String(e.message).slice(0, 400) }))
  }
}

const [organization] = await call('getOrganizations')
const org = organization.id
await call('getOrganizationFeatures', org)
await call('checkOrgDevTerms', org)
await call('acceptOrgDevTerms', org)
await call('getDevTerms')
await call('getServicesForOrg', org)
const { services = [] } = await call('getServicesForOrgV2', organization.code, 'AdobeTargetSDK') ?? {}
await call('createIMSOrg')

const made = await call('createProject', org, { name: 'Peers', title: 'Made by a peer', description: 'x', who_created: 'x', type: 'default' })
const firefly = await call('createFireflyProject', org, { name: 'PeersApp', title: 'With two workspaces', description: 'x' })
const project = made?.projectId
await call('getProjectsForOrg', org)
await call('getProject', org, project)
await call('editProject', org, project, { name: 'Peers', title: 'Renamed', description: 'y', type: 'default' })
await call('getProjectInstallConfig', project)
await call('getApplicationExtensions', org, made?.appId ?? '1')
const stage = (await call('createWorkspace', org, project, { name: 'Other', title: 'Another', description: 'x' }))?.workspaceId
const [first] = await call('getWorkspacesForProject', org, project) ?? []
const place = first?.id
await call('getWorkspace', org, project, place)
await call('editWorkspace', org, project, stage, { name: 'Other', title: 'Renamed', description: 'y' })
await call('createRuntimeNamespace', org, project, place)
await call('getPluginsForWorkspace', org, project, place)
await call('getEndPointsInWorkspace', org, project, place)
await call('updateEndPointsInWorkspace', org, project, place, { endpoints: {} })
await call('getAllExtensionPoints', org)
await call('getWorkspaceInfoForRuntimeNamespace', org, 'peers-1')

const entp = await call('createEnterpriseCredential', org, project, place, Readable.from([certificate]), 'peers jwt', 'of a certificate')
const server = await call('createOAuthServerToServerCredential', org, project, place, 'peers server', 'server to server')
const redirects = { redirectUriList: ['https://www\\\\.example\\\\.com/.*'], defaultRedirectUri: 'https://www.example.com/callback' }
const web = await call('createAdobeIdCredential', org, project, place,
  { name: 'peers web', description: 'x', platform: 'WebApp', ...redirects })
const page = await call('createAdobeIdCredential', org, project, place,
  { name: 'peers page', description: 'x', platform: 'SinglePageApp', ...redirects })
await call('createAdobeIdCredential', org, project, place,
  { name: 'peers native', description: 'x', platform: 'NativeApp', redirectUriList: ['peers://callback'], defaultRedirectUri: 'peers://callback' })
await call('createAdobeIdCredential', org, project, place, { name: 'peers key', description: 'x', platform: 'apiKey', domain: 'www.example.com' })
await call('createAnalyticsCredential', org, project, stage,
  { name: 'peers analytics', description: 'x', platform: 'WebApp', ...redirects })
await call('getCredentials', org, project, place)
await call('getWorkspaceForCredential', org, server?.id)
await call('getProjectForWorkspace', org, place)

const profile = services[0]?.properties?.licenseConfigs?.[0]
const target = [{ sdkCode: 'AdobeTargetSDK', roles: null, licenseConfigs: profile ? [{ op: 'add', id: profile.id, productId: profile.productId }] : null }]
await call('subscribeCredentialToServices', org, project, place, 'entp', entp?.id, target)
await call('subscribeEnterpriseIntegrationToServices', org, entp?.id, target)
await call('subscribeOAuthServerToServerIntegrationToServices', org, server?.id, target)
await call('subscribeAdobeIdIntegrationToServices', org, web?.id, [])
await call('getSDKProperties', org, entp?.id, 'AdobeTargetSDK')
await call('downloadWorkspaceJson', org, project, place)

await call('getIntegrationsForOrg', org)
await call('getIntegration', org, server?.id)
await call('getIntegrationSecrets', org, server?.id)
await call('updateAdobeIdIntegration', org, web?.id, { name: 'peers web 2', description: 'y', platform: 'WebApp', ...redirects })
const [binding] = await call('getBindingsForIntegration', org, entp?.id) ?? []
await call('uploadAndBindCertificate', org, entp?.id, Readable.from([certificate]))
await call('deleteBinding', org, entp?.id, binding?.bindingId)
await call('createEnterpriseIntegration', org, certificate, 'peers upload', 'x')
const alone = await call('createAdobeIdIntegration', org, { name: 'peers alone', description: 'x', platform: 'WebApp', ...redirects })
const aloneServer = await call('createOauthS2SCredentialIntegration', org, { name: 'peers alone server', description: 'x' })
await call('getAtlasApplicationPolicy', org, server?.id)
await call('getAtlasQuotaUsage', org, server?.id)

await call('deleteIntegration', org, aloneServer?.id)
await call('deleteIntegration', org, alone?.id)
await call('deleteCredential', org, project, place, 'entp', entp?.id)
await call('deleteCredentialById', org, project, place, page?.id)
await call('deleteWorkspace', org, project, stage)
await call('deleteProject', org, project)
await call('deleteProject', org, firefly?.projectId)
console.log(JSON.stringify({ left: Object.getOwnPropertyNames(Object.getPrototypeOf(client)).filter((name) => !called.has(name)) }))
