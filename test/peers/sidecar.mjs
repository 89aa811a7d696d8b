// The clouds' own clients, unmodified, find a token at a sidecar: sidecar.mjs URL CONNECTION
import { GoogleAuth, Compute } from 'google-auth-library'
import { ManagedIdentityCredential } from '@azure/identity'

const [url, connection] = process.argv.slice(2)
const tell = (name, result) => console.log(JSON.stringify({ name, ...result }))
const attempt = async (name, work) => {
  try {
    tell(name, await work())
  } catch (error) {
    tell(name, { message: String(error) })
  }
}
const soon = (at) => Math.round((Number(at) - Date.now()) / 60000)

process.env.GCE_METADATA_HOST = url.replace('http://', '')
await attempt('google-auth-library, what it finds', async () => {
  const auth = new GoogleAuth()
  return { token: await auth.getAccessToken() }
})
await attempt('google-auth-library, a service account', async () => {
  const client = new Compute({ serviceAccountEmail: connection })
  const headers = await client.getRequestHeaders()
  return { header: new Headers(headers).get('authorization'), minutes: soon(client.credentials.expiry_date) }
})
await attempt('google-auth-library, an unknown account', async () => {
  const client = new Compute({ serviceAccountEmail: 'nobody' })
  try {
    return { token: (await client.getAccessToken()).token }
  } catch (error) {
    return { status: error.status ?? error.response?.status ?? String(error) }
  }
})
await attempt('@azure/identity, a machine', async () => {
  process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = url
  const token = await new ManagedIdentityCredential({ retryOptions: { maxRetries: 0 } }).getToken(connection + '/.default')
  return { token: token.token, minutes: soon(token.expiresOnTimestamp) }
})
await attempt('@azure/identity, an app service', async () => {
  process.env.IDENTITY_ENDPOINT = url + '/msi/token'
  process.env.IDENTITY_HEADER = 'any'
  const token = await new ManagedIdentityCredential({ retryOptions: { maxRetries: 0 } }).getToken(connection + '/.default')
  return { token: token.token, minutes: soon(token.expiresOnTimestamp) }
})
