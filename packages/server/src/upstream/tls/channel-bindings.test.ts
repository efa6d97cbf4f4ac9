import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelBindingsOf, endPointOf } from './channel-bindings.ts';

const run = promisify(execFile);

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boshd-bindings-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** A certificate signed with a hash, and its key. */
async function certificate(hash: string): Promise<{ cert: Buffer; key: Buffer }> {
  const [cert, key] = [join(directory, `${hash}.pem`), join(directory, `${hash}.key`)];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=example.org', '-keyout', key, '-out', cert];
  await run('openssl', ['req', '-x509', ...newKey, `-${hash}`, ...names]);
  return { cert: await readFile(cert), key: await readFile(key) };
}

describe('tls-server-end-point (RFC 5929 §4.1)', () => {
  test.each([
    ['sha256', 'sha256'],
    ['sha384', 'sha384'],
    ['sha512', 'sha512'],
    ['sha1', 'sha256'],
  ])('signed with %s: %s', async (signed, expected) => {
    const { cert } = await certificate(signed);
    const { raw } = new X509Certificate(cert);
    expect(Buffer.from(endPointOf(raw) ?? '', 'latin1')).toEqual(createHash(expected).update(raw).digest());
  });

  test.each([[''], ['30'], ['3003020100'], ['30840000000001']])(
    'what is no certificate has none: %s',
    (hex) => {
      expect(endPointOf(Buffer.from(hex, 'hex'))).toBeUndefined();
    },
  );
});

describe('of a connection', () => {
  test.each([
    ['TLSv1.3', true],
    ['TLSv1.2', false],
  ] as const)('%s', async (version, hasExporter) => {
    const { cert, key } = await certificate('sha256');
    const accepted: TLSSocket[] = [];
    const server = createServer({ cert, key, minVersion: version, maxVersion: version }, (socket) => {
      accepted.push(socket);
      socket.on('error', () => socket.destroy());
      socket.write('x');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'data');
    const bindings = channelBindingsOf(socket);
    expect(bindings?.endPoint).toHaveLength(32);
    const theirs = accepted[0]?.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    expect(bindings?.exporter).toBe(hasExporter ? theirs?.toString('latin1') : undefined);
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  test('without TLS there are none', () => {
    expect(channelBindingsOf(undefined)).toBeUndefined();
  });
});
