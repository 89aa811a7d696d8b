// A receiver that verifies with the library of Standard Webhooks. It answers 401 to what is not verified.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

let secret = "";

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString("utf8");
  if (request.method === "PUT") { // the test tells the secret
    secret = body;
    response.writeHead(204).end();
    return;
  }
  try {
    new Webhook(secret).verify(body, request.headers);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(401).end(String(error));
  }
});

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
