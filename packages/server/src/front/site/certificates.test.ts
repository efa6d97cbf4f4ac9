import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  RawClient,
  startFront,
} from '../../../../../tests/support/front-rig.ts';
import { recognitionOptions, siteOptions } from '../../../../../tests/support/site-options.ts';
import { type CertificateFiles, createTestCa, type TestCa } from '../../../../../tests/support/test-ca.ts';
import type { SiteOptions } from './site.ts';

let ours: TestCa;
let foreign: TestCa;
let rig: FrontRig;
let shop: CertificateFiles;
let blog: CertificateFiles;
let imitation: CertificateFiles;

function site(name: string, certificate: string): SiteOptions {
  return siteOptions({ name, recognition: recognitionOptions({ certificates: [certificate] }) });
}

const certificateOf = async ({ certFile }: CertificateFiles) => new X509Certificate(await readFile(certFile));

beforeAll(async () => {
  [ours, foreign] = [await createTestCa(), await createTestCa()];
  const server = await ours.issue({ dnsNames: ['chat.example.org'] });
  [shop, blog] = [
    await ours.issue({ dnsNames: ['shop.example'] }),
    await ours.issue({ dnsNames: ['blog.example'] }),
  ];
  // The authority of tests gives names by number.
  for (let number = 1; number < 3; number += 1) await foreign.issue({ dnsNames: ['other.example'] });
  imitation = await foreign.issue({ dnsNames: ['blog.example'] });
  const fingerprint = (await certificateOf(shop)).fingerprint256.replaceAll(':', '').toLowerCase();
  const subject = /CN=.*/.exec((await certificateOf(blog)).subject)?.[0] ?? '';
  expect((await certificateOf(imitation)).subject).toContain(subject);
  rig = await startFront(
    {
      tls: {
        cert: await readFile(server.certFile),
        key: await readFile(server.keyFile),
        requestCert: true,
        ca: await readFile(ours.caFile),
      },
      sites: [site('shop', fingerprint), site('blog', subject)],
    },
    answerAll,
  );
});

afterAll(async () => {
  await rig.stop();
  await Promise.all([ours.remove(), foreign.remove()]);
});

/** The site of a request, and the address that it is taken to come from. */
async function seenWith(files: CertificateFiles | undefined, session?: Buffer) {
  const own =
    files === undefined ? {} : { cert: await readFile(files.certFile), key: await readFile(files.keyFile) };
  const socket: TLSSocket = connect({
    port: rig.port,
    host: '127.0.0.1',
    servername: 'chat.example.org',
    ca: await readFile(ours.caFile),
    session,
    ...own,
  });
  let ticket = session;
  socket.on('session', (fresh: Buffer) => {
    ticket = fresh;
  });
  const client = new RawClient(socket);
  client.write(post(bodyOf(1), { 'X-Forwarded-For': '203.0.113.7' }));
  expect((await client.reply()).body).toBe('<body/>');
  const { site: name, address } = await rig.next('request');
  const isResumed = socket.isSessionReused();
  client.destroy();
  return { name, address, isResumed, ticket };
}

const behind = '203.0.113.7';

test('a site is known by the fingerprint of its certificate, and what it says of its client counts', async () => {
  expect(await seenWith(shop)).toMatchObject({ name: 'shop', address: behind });
});

test('by the name in a certificate that our authority signed', async () => {
  expect(await seenWith(blog)).toMatchObject({ name: 'blog', address: behind });
});

test.each(['no certificate', 'the same name, signed by another authority'])(
  '%s: nothing of it',
  async (what) => {
    const files = what === 'no certificate' ? undefined : imitation;
    expect(await seenWith(files)).toMatchObject({ name: 'default', address: '127.0.0.1' });
  },
);

test('a session that is resumed is still of who began it', async () => {
  for (const [files, name] of [
    [shop, 'shop'],
    [blog, 'blog'],
    [undefined, 'default'],
  ] as const) {
    const { ticket } = await seenWith(files);
    expect(await seenWith(files, ticket)).toMatchObject({ name, isResumed: true });
  }
});
