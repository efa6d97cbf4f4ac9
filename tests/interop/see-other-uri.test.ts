import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { child } from '../support/xmpp/xml.ts';

const URI = 'https://bosh.example.net/http-bind?site=1&more';

let boshd: Boshd;
beforeAll(async () => {
  boshd = await startBoshd({ seeOther: { uri: URI, when: 'http' }, trustedProxies: ['127.0.0.1'] });
});
afterAll(() => boshd.stop());

test('who asks without encryption is sent to the URI that is configured (XEP-0124 §17.2)', async () => {
  const client = new BoshClient(boshd.url);
  const reply = await client.create('example.org');
  client.close();
  expect([reply.status, reply.type, reply.condition]).toEqual([200, 'terminate', 'see-other-uri']);
  expect(reply.body && child(reply.body, 'uri')?.text).toBe(URI);
  await boshd.line({ event: 'session-refused', reason: 'sent-elsewhere' });
});

test('who comes by a proxy that says https is not', async () => {
  const client = new BoshClient(boshd.url, { headers: { 'x-forwarded-proto': 'https' } });
  const reply = await client.create('not a domain');
  client.close();
  expect(reply.condition).toBe('improper-addressing');
});
