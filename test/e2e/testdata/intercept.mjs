// Every way in which Node's own modules open TLS, to the vendor's hosts and to another one.
import https, { get } from 'node:https';
import http2 from 'node:http2';
import tls, { connect } from 'node:tls';
import { Worker } from 'node:worker_threads';

const host = 'ims-na1.adobelogin.com';
const url = `https://${host}/healthz`;

const read = (begin) => new Promise((resolve, reject) => {
  begin((response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', reject);
});
const viaHTTP2 = () => new Promise((resolve, reject) => {
  const session = http2.connect(`https://${host}`).on('error', reject);
  session.request({ ':path': '/healthz' }).on('response', (headers) => {
    session.close();
    resolve(headers[':status']);
  }).on('error', reject).resume().end();
});
const viaTLS = (open) => new Promise((resolve, reject) => {
  const socket = open(() => {
    resolve(socket.authorized && socket.servername === host ? 200 : 0);
    socket.destroy();
  }).on('error', reject);
});
const inWorker = () => new Promise((resolve, reject) => {
  const code = `fetch('${url}').then((r) => require('node:worker_threads').parentPort.postMessage(r.status))`;
  new Worker(code, { eval: true }).on('message', resolve).on('error', reject);
});

const ways = {
  fetch: async () => (await fetch(url)).status,
  'fetch, a region': async () => (await fetch('https://platform-va7.adobe.io/healthz')).status,
  'fetch, another path': async () => (await fetch(`https://${host}/api/v1/keys`)).status,
  'https.request': () => read((done) => https.request(url, done).end()),
  'https.get by name': () => read((done) => get({ hostname: host, path: '/healthz' }, done)),
  'https with an agent': () => read((done) => https.get(url, { agent: new https.Agent({ keepAlive: false, family: 4 }) }, done)),
  'http2.connect': viaHTTP2,
  'tls.connect(options)': () => viaTLS((done) => connect({ host, port: 443 }, done)),
  'tls.connect(port, host)': () => viaTLS((done) => tls.connect(443, host, done)),
  'a worker': inWorker,
};
for (const [way, run] of Object.entries(ways)) {
  console.log(`${way}: ${await run().catch((error) => error.cause?.code ?? error.code ?? error.message)}`);
}
// Another host goes where it always went.
console.log(`another host: ${await fetch(process.env.OTHER).then((r) => r.status)}`);
