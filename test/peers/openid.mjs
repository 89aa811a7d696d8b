// An OpenID-certified provider (npm oidc-provider) over TLS on loopback, for people: whoever logs in has the login as the e-mail
// address, which is verified unless it begins with "unverified". Arguments: redirect URIs as JSON, certificate and key files. Prints
// {"url": …} when it listens.
import https from 'node:https';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [redirects, cert, key] = process.argv.slice(2);
const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) });
server.listen(0, '127.0.0.1', () => {
  const url = `https://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: [{
      client_id: 'latch key', client_secret: 's3cret:0123456789/+&=%', redirect_uris: JSON.parse(redirects),
      grant_types: ['authorization_code'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic',
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: id, email: id, email_verified: !id.startsWith('unverified') }),
    }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['test-only'] },
  });
  server.on('request', provider.callback());
  console.log(JSON.stringify({ url }));
});
process.on('SIGTERM', () => process.exit(0));
