// The same as server.js, with Express: npm install express, then node express.js
import { ClientError } from '@boshd/client';
import { prebind } from '@boshd/client/prebind';
import express from 'express';

const { PORT = '3000', BOSHD = 'http://127.0.0.1:5279/prebind', BOSHD_SECRET: secret } = process.env;

/** Who the visitor is: in a real application by its own log-in (docs/attach.md), never by what the browser says. */
function visitor() {
  const { XMPP_JID: jid, XMPP_PASSWORD: password } = process.env;
  return { jid, password };
}

const app = express();

app.post('/chat-session', async (request, response) => {
  // A page of another site must not make sessions.
  if (request.get('Sec-Fetch-Site') !== 'same-origin') {
    response.sendStatus(403);
    return;
  }
  try {
    const { jid, sid, rid, cookie } = await prebind({ url: BOSHD, secret, ...visitor() });
    if (cookie !== undefined) response.set('Set-Cookie', cookie);
    response.set('Cache-Control', 'no-store').json({ jid, sid, rid });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    console.error(`no session: ${error.code} ${error.message}`);
    response.sendStatus(503);
  }
});

const here = import.meta.dirname;
app.get('/', (_request, response) => response.sendFile('chat.html', { root: here }));
for (const file of ['chat.js', 'boshd-client.js']) {
  app.get(`/${file}`, (_request, response) => response.sendFile(file, { root: here }));
}

app.listen(Number(PORT), '127.0.0.1');
