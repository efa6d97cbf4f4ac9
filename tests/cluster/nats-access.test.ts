import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { knowEachOther } from '../support/cluster.ts';
import { type Nats, startNats } from '../support/nats.ts';
import { makeDirectory } from '../support/program.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';

const PASSWORD = 'the password of the members';

let ca: TestCa;
let nats: Nats;
let directory = '';
const started: Boshd[] = [];

beforeAll(async () => {
  ca = await createTestCa();
  directory = await makeDirectory('nats-access');
  const { certFile, keyFile } = await ca.issue({ dnsNames: ['localhost'] });
  nats = await startNats(undefined, [
    ...['--user', 'boshd', '--pass', PASSWORD],
    ...['--tls', '--tlscert', certFile, '--tlskey', keyFile],
  ]);
  await writeFile(join(directory, 'keys'), `${'a'.repeat(32)}\n`);
  await writeFile(join(directory, 'password'), `${PASSWORD}\n`);
  await writeFile(join(directory, 'wrong'), 'another one\n');
});
afterAll(async () => {
  for (const boshd of started) await boshd.stop();
  await nats.stop();
  await ca.remove();
});

async function start(id: string, passwordFile: string): Promise<Boshd> {
  const boshd = await startBoshd({
    cluster: { id, keysFile: join(directory, 'keys') },
    nats: {
      servers: [`tls://localhost:${nats.port}`],
      caFile: ca.caFile,
      user: 'boshd',
      passwordFile: join(directory, passwordFile),
    },
  });
  started.push(boshd);
  return boshd;
}

test('members meet at a NATS server that wants TLS and a password', async () => {
  const members = await Promise.all([start('m0', 'password'), start('m1', 'password')]);
  await knowEachOther(members);
  for (const member of members) expect(await member.line({ event: 'mesh-link', isUp: true })).toBeDefined();
});

test('a wrong password is told in the log, and the member serves alone', async () => {
  const alone = await start('m2', 'wrong');
  const { detail } = await alone.line({ event: 'mesh-note' });
  expect(String(detail)).toMatch(/authorization/i);
  expect((await fetch(`${alone.origin}/readyz`)).status).toBe(200);
});
