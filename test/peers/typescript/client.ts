// A client made from the OpenAPI document by openapi-typescript, with openapi-fetch: it has to compile under --strict, and work.
import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

declare const process: { argv: string[]; exit(code: number): never }

const [url, key] = process.argv.slice(2)
const latchkey = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } })

async function main(): Promise<void> {
  const created = await latchkey.POST('/api/v1/connections', { body: { definition: 'sample-client-credentials', label: 'from-typescript' } })
  if (created.error !== undefined) throw new Error(`creating: ${created.error.detail}`)
  const connection: components['schemas']['Connection'] = created.data

  const token = await latchkey.GET('/api/v1/connections/{ref}/token', { params: { path: { ref: connection.id } } })
  if (token.error !== undefined) throw new Error(`the token: ${token.error.detail}`)
  const seconds: number = token.data.expires_in ?? 0

  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await latchkey.GET('/api/v1/connections', { params: { query: { limit: 2, cursor } } })
    if (page.error !== undefined) throw new Error(`the list: ${page.error.detail}`)
    for (const { label } of page.data.items ?? []) if (label !== null) names.push(label)
    cursor = page.data.next_cursor || undefined
  } while (cursor !== undefined)

  const missing = await latchkey.GET('/api/v1/connections/{ref}', { params: { path: { ref: 'nobody' } } })
  const problem: string | undefined = missing.error?.type

  // @ts-expect-error: a member that the document does not have
  void connection.nonsense
  // @ts-expect-error: a path that the document does not have
  void latchkey.GET('/api/v1/nonsense')

  console.log(JSON.stringify({ name: 'openapi-fetch', state: connection.state, token: token.data.access_token.length > 0, lives: seconds > 0, listed: names.includes('from-typescript'), problem }))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
