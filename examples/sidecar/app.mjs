// A program without a key: a sidecar beside it gives it fresh tokens. node app.mjs SIDECAR CONNECTION URL
const [sidecar, connection, url] = process.argv.slice(2)

async function token(refused) {
  const headers = { 'Latchkey-Request': 'true' }
  if (refused) headers['If-None-Match'] = refused // a newer one than the service has refused
  const answer = await fetch(`${sidecar}/api/v1/connections/${connection}/token`, { headers })
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${(await answer.json()).detail}`)
  return { ...(await answer.json()), etag: answer.headers.get('etag') }
}

const call = ({ access_token }) => fetch(url, { headers: { authorization: `Bearer ${access_token}` } })

const first = await token()
let answer = await call(first)
if (answer.status === 401) answer = await call(await token(first.etag))
console.log(answer.status, answer.statusText)
console.log(await answer.text())
