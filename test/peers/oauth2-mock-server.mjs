// npm oauth2-mock-server on loopback: signs JWT access tokens and answers every grant. Prints {"url": …}.
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
server.service.on('beforeResponse', (response, request) => {
  // A provider that says nothing of the token's life, on demand: it stands in the JWT alone.
  if (request.body?.scope === 'silent') delete response.body.expires_in;
});
await server.start(0, '127.0.0.1');
console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
