import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestCa, type TestCa } from './test-ca.ts';

let ca: TestCa;
beforeAll(async () => {
  ca = await createTestCa();
});
afterAll(() => ca.remove());

async function issued(wish: Parameters<TestCa['issue']>[0]): Promise<X509Certificate> {
  return new X509Certificate(await readFile((await ca.issue(wish)).certFile));
}

test('a certificate has the names that were wished for and is signed by the authority', async () => {
  const authority = new X509Certificate(await readFile(ca.caFile));
  const certificate = await issued({
    dnsNames: ['a.example', '*.b.example'],
    xmppAddrs: ['c.example'],
    srvNames: ['_xmpp-client.d.example'],
    addresses: ['127.0.0.1'],
  });
  expect(certificate.subjectAltName?.split(', ').sort()).toEqual([
    'DNS:*.b.example',
    'DNS:a.example',
    'IP Address:127.0.0.1',
    'othername:SRVName:_xmpp-client.d.example',
    'othername:XmppAddr:c.example',
  ]);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
});

test('flaws are real', async () => {
  const expired = await issued({ dnsNames: ['a.example'], flaw: 'expired' });
  expect(Date.parse(expired.validTo)).toBeLessThan(Date.now());
  const selfSigned = await issued({ dnsNames: ['a.example'], flaw: 'self-signed' });
  expect(selfSigned.issuer).toBe(selfSigned.subject);
});
