import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { accepts, makeDirectory, startProgram, until } from '../support/program.ts';
import { createTestCa } from '../support/test-ca.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const DOMAIN = 'peer.example';
const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

let peer: XmppPeer;
let boshd: Boshd;
let socket: string;
let keys: Readonly<Record<string, unknown>>;

beforeEach(async () => {
  peer = await startXmppPeer();
  socket = `unix:${join(await makeDirectory('admin'), 'socket')}`;
  const admin = { listen: [socket] };
  const overrides = { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } };
  keys = { admin, upstream: { overrides } };
  boshd = await startBoshd(keys);
});

afterEach(async () => {
  await boshd.stop();
  await peer.close();
});

/** `boshd reload`, as the operator calls it. */
function order(): Promise<{ readonly code: number; readonly told: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'reload', '--admin-listen', socket], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, told: `${out}${err}` });
    });
  });
}

async function echo(session: ChatSession, text: string): Promise<void> {
  session.message('someone@peer', text);
  expect(await session.nextMessage()).toBe(text);
}

const login = () => ChatSession.login({ url: boshd.url, domain: DOMAIN });
const create = async (domain: string) => (await new BoshClient(boshd.url).create(domain)).condition;

test('SIGHUP changes what new sessions may, under one that lives on', async () => {
  const session = await login();
  await boshd.rewrite({
    ...keys,
    domains: { deny: ['other.example'] },
    sites: { shop: { hosts: ['shop.example'] } },
  });
  process.kill(boshd.pid, 'SIGHUP');
  await boshd.line({ message: 'configuration reloaded' });
  expect(await create('other.example')).toBe('host-unknown');
  await echo(session, 'still here');
  await session.logout();
});

test('boshd reload tells what came of it, and what needs a restart', async () => {
  const session = await login();
  expect(await order()).toEqual({ code: 0, told: 'boshd: the configuration is reloaded\n' });
  await boshd.rewrite({ ...keys, dns: { timeout: '9s' }, session: { waitMax: '20s' } });
  expect(await order()).toEqual({
    code: 0,
    told: 'boshd: the configuration is reloaded, but for what needs a restart: dns.timeout\n',
  });
  const reply = await new BoshClient(boshd.url).create(DOMAIN);
  expect(reply.body?.attributes.get('wait')).toBe('20');
  await echo(session, 'still here');
  await session.logout();
});

test('a configuration that is wrong is refused, and the old one stays', async () => {
  const session = await login();
  await boshd.rewrite({ ...keys, domains: { deny: ['other.example'] }, session: { wiatMax: '20s' } });
  const { code, told } = await order();
  expect(code).toBe(1);
  expect(told).toContain('session.wiatMax is an unknown key; did you mean session.waitMax?');
  expect(told).toContain('the old configuration stays in effect');
  await boshd.line({ message: 'the new configuration is refused; the old one stays in effect' });
  // Not host-unknown: the domain is not denied, it only is not there.
  expect(await create('other.invalid')).not.toBe('host-unknown');
  await echo(session, 'still here');
  await session.logout();
});

test('certificates are read again; one that can not be used changes nothing', async () => {
  const ca = await createTestCa();
  const port = await freePort();
  const directory = await makeDirectory('boshd-tls');
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const install = async (dnsName: string) => {
    const files = await ca.issue({ dnsNames: [dnsName] });
    await copyFile(files.certFile, certFile);
    await copyFile(files.keyFile, keyFile);
  };
  await install('old.example');
  const args = [
    'serve',
    `--listen=127.0.0.1:${port}`,
    `--tls-cert-file=${certFile}`,
    `--tls-key-file=${keyFile}`,
  ];
  const program = await startProgram({
    name: 'boshd',
    command: process.execPath,
    args: [MAIN, ...args, '--log-format=json'],
    directory,
    isReady: () => accepts(port),
  });
  const names = () =>
    new Promise<string | undefined>((resolve, reject) => {
      const tls = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(tls.getPeerCertificate().subjectaltname);
        tls.destroy();
      });
      tls.on('error', reject);
    });
  const logged = (text: string) =>
    until(`"${text}" in the log`, async () => (await program.log()).includes(text));
  expect(await names()).toBe('DNS:old.example');

  await install('new.example');
  process.kill(program.pid, 'SIGHUP');
  await logged('configuration reloaded');
  expect(await names()).toBe('DNS:new.example');

  await copyFile((await ca.issue({ dnsNames: ['other.example'] })).keyFile, keyFile);
  process.kill(program.pid, 'SIGHUP');
  await logged(`${keyFile}, which is not the key of the first certificate in ${certFile}`);
  expect(await names()).toBe('DNS:new.example');
  await program.stop();
  await ca.remove();
});
