import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from '@boshd/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';

const PLAIN = 'plain.example';
const OAUTH = 'oauth.example';
const PASSWORD = 'wonderland & "more"';
const TOKEN = 'an-access-token';

let ca: TestCa;
let prosody: Prosody;
let boshd: Boshd;
/** What Prosody asks whether a token is valid. */
let provider: Server;
const asked: (string | undefined)[] = [];

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: ['localhost', PLAIN] });
  const [cert, key] = await Promise.all(
    [certificate.certFile, certificate.keyFile].map((file) => readFile(file)),
  );
  provider = createServer({ cert, key }, ({ url }, response) => {
    asked.push(url);
    response.writeHead(url === `/tokens/${TOKEN}` ? 200 : 404).end();
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const { port } = provider.address() as AddressInfo;
  prosody = await startProsody({
    plain: true,
    hosts: [{ domain: PLAIN, certificate, users: { alice: PASSWORD } }],
    extra: `
      disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5" }
      VirtualHost "${OAUTH}"
        modules_enabled = { "sasl_oauthbearer" }
        authentication = "oauthbearer"
        oauth_client_id = "boshd"
        oauth_client_secret = "secret"
        oauth_url = "https://127.0.0.1:${port}/tokens/{{password}}"
    `,
  });
  const to = { host: '127.0.0.1', port: prosody.ports.c2s, tls: 'insecure-none' };
  const own = await freePort();
  boshd = await startBoshd(
    {
      upstream: { overrides: { [PLAIN]: to, [OAUTH]: to } },
      hostMeta: {
        bosh: [`http://127.0.0.1:${own}/http-bind`],
        websocket: [`ws://127.0.0.1:${own}/xmpp-websocket`],
      },
    },
    own,
  );
});
afterAll(async () => {
  await boshd.stop();
  await prosody.stop();
  provider.close();
  await ca.remove();
});

it('logs in by PLAIN where Prosody offers nothing better, and is told of a wrong password', async () => {
  const session = connect({ url: boshd.url, jid: `alice@${PLAIN}`, password: PASSWORD });
  expect(await session.ready).toMatch(new RegExp(`^alice@${PLAIN}/`));
  await session.close();
  const wrong = connect({ url: boshd.url, jid: `alice@${PLAIN}`, password: 'wrong' });
  await expect(wrong.ready).rejects.toMatchObject({ code: 'not-authorized' });
});

it('logs in by OAUTHBEARER, which Prosody asks the provider about, and is told of a token that is not valid', async () => {
  const session = connect({ url: boshd.url, jid: `alice@${OAUTH}`, token: TOKEN });
  expect(await session.ready).toMatch(new RegExp(`^alice@${OAUTH}/`));
  expect(asked).toEqual([`/tokens/${TOKEN}`]);
  await session.close();
  const wrong = connect({ url: boshd.url, jid: `alice@${OAUTH}`, token: 'expired' });
  await expect(wrong.ready).rejects.toMatchObject({ code: 'not-authorized' });
});

it('finds the services by what boshd says in host-meta.json (XEP-0156)', async () => {
  const hostMeta = `${boshd.origin}/.well-known/host-meta.json`;
  const session = connect({ hostMeta, jid: `alice@${PLAIN}`, password: PASSWORD });
  expect(await session.ready).toMatch(new RegExp(`^alice@${PLAIN}/`));
  await session.close();
});
