// A web application whose page chats as its visitor, without a password in it: node server.js
// The web server in front, which also proxies /http-bind to boshd, passes all other requests on to it.
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { ClientError } from '@boshd/client';
import { prebind } from '@boshd/client/prebind';

const { PORT = '3000', BOSHD = 'http://127.0.0.1:5279/prebind', BOSHD_SECRET: secret } = process.env;

/** Who the visitor is: in a real application by its own log-in (docs/attach.md), never by what the browser says. */
function visitor() {
  const { XMPP_JID: jid, XMPP_PASSWORD: password } = process.env;
  return { jid, password };
}

const FILES = {
  '/': ['chat.html', 'text/html'],
  '/chat.js': ['chat.js', 'text/javascript'],
  '/boshd-client.js': ['boshd-client.js', 'text/javascript'],
};

createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/chat-session') {
    await makeSession(request, response);
  } else if (FILES[request.url] === undefined) {
    response.writeHead(404).end();
  } else {
    const [file, type] = FILES[request.url];
    response.writeHead(200, { 'Content-Type': type });
    createReadStream(new URL(file, import.meta.url)).pipe(response);
  }
}).listen(Number(PORT), '127.0.0.1');

async function makeSession(request, response) {
  // A page of another site must not make sessions.
  if (request.headers['sec-fetch-site'] !== 'same-origin') {
    response.writeHead(403).end();
    return;
  }
  try {
    const { jid, sid, rid, cookie } = await prebind({ url: BOSHD, secret, ...visitor() });
    if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify({ jid, sid, rid }));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    console.error(`no session: ${error.code} ${error.message}`);
    response.writeHead(503).end();
  }
}
