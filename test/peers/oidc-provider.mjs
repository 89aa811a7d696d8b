// An OpenID-certified authorization server (npm oidc-provider) on loopback: authorization code with PKCE required,
// client credentials, refresh tokens that rotate. Prints {"url": …} when it listens; counts token requests at /count.
import http from 'node:http';
import Provider from 'oidc-provider';

const counts = {};
const redirects = JSON.parse(process.argv[2] ?? '[]');

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'web app', client_secret: 'web:secret/+&=%', redirect_uris: redirects,
        grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      {
        client_id: 'post-app', client_secret: 'post-secret-0123456789', redirect_uris: redirects,
        grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        client_id: 'public-app', redirect_uris: redirects, grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'], token_endpoint_auth_method: 'none',
      },
      {
        client_id: 'machine', client_secret: 'machine-secret-0123456789', redirect_uris: [], response_types: [],
        grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post', scope: 'api:read api:write',
      },
    ],
    scopes: ['openid', 'offline_access', 'api:read', 'api:write'],
    pkce: { required: () => true },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      devInteractions: { enabled: true },
    },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    ttl: { AccessToken: 60, ClientCredentials: 120, AuthorizationCode: 60, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600 },
    cookies: { keys: ['test-only'] },
  });
  const handle = provider.callback();
  server.on('request', (req, res) => {
    if (req.url === '/count') {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify(counts));
      return;
    }
    const path = req.url.split('?')[0];
    counts[path] = (counts[path] ?? 0) + 1;
    handle(req, res);
  });
  console.log(JSON.stringify({ url }));
});
process.on('SIGTERM', () => process.exit(0));
