// The same authorization server (npm oidc-provider) as one would run it for many tokens: production mode, a process for each
// processor, client credentials alone, access tokens that are JWTs with RS256, its own adapter in memory, which such tokens
// never touch. Prints {"url": …, "pids": […]} when it listens. The argument is the number of processes.
import cluster from 'node:cluster';
import http from 'node:http';
import { generateKeyPairSync } from 'node:crypto';

const processes = Number(process.argv[2] ?? 2);

if (cluster.isPrimary && processes > 1) {
  const key = JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }));
  let listening = 0;
  cluster.on('listening', (_worker, address) => {
    if (++listening < processes) return;
    const pids = [process.pid, ...Object.values(cluster.workers).map((w) => w.process.pid)];
    console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}`, pids }));
  });
  for (let i = 0; i < processes; i++) cluster.fork({ SIGNING_KEY: key });
} else {
  const { default: Provider } = await import('oidc-provider');
  const key = process.env.SIGNING_KEY
    ? JSON.parse(process.env.SIGNING_KEY)
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const provider = new Provider('http://127.0.0.1', {
    jwks: { keys: [{ ...key, kid: 'k1', use: 'sig', alg: 'RS256' }] },
    clients: [{
      client_id: 'machine', client_secret: 'machine-secret-0123456789', redirect_uris: [], response_types: [],
      grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post',
    }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://api.example.com',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid AdobeID target_sdk', accessTokenFormat: 'jwt', accessTokenTTL: 86400, jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    cookies: { keys: ['measured-only'] },
  });
  const server = http.createServer(provider.callback());
  server.listen(0, '127.0.0.1', () => {
    if (!cluster.isWorker) console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}`, pids: [process.pid] }));
  });
}
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers ?? {})) worker.kill();
  process.exit(0);
});
