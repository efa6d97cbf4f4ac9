import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startBoshd } from '../support/boshd.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { makeDirectory, type RunningProgram } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { blocksOf } from './pages.ts';

const run = promisify(execFile);
const PAGE = 'docs/same-machine.md';
const DOMAIN = 'chat.example';
const PASSWORD = 'wonderland';

const SERVERS = [
  ['Prosody', startProsody, 'SCRAM-SHA-1'],
  ['ejabberd', startEjabberd, 'SCRAM-SHA-256'],
] as const;

describe.each(SERVERS)('docs/same-machine.md with %s', (_name, startServer, mechanism) => {
  let server: RunningProgram;
  let config: Config;
  beforeAll(async () => {
    const directory = await makeDirectory('same-machine');
    const [openssl = ''] = await blocksOf(PAGE, 'sh');
    await run('sh', ['-ec', openssl], { cwd: directory });
    const certFile = join(directory, `${DOMAIN}.crt`);
    const certificate = { certFile, keyFile: join(directory, `${DOMAIN}.key`), caFile: certFile };
    const started = await startServer({
      hosts: [{ domain: DOMAIN, certificate, users: { alice: PASSWORD } }],
    });
    server = started;
    const [yaml = ''] = await blocksOf(PAGE, 'yaml');
    config = parse(yaml);
    // Only where they are differs from what the page says.
    const { [DOMAIN]: override } = config.upstream.overrides;
    expect(override).toEqual({ host: '127.0.0.1', port: 5222, caFile: '/etc/boshd/chat.example.crt' });
    config.upstream.overrides[DOMAIN] = { host: '127.0.0.1', port: started.ports.c2s, caFile: certFile };
  });
  afterAll(() => server.stop());

  const login = (url: string) =>
    ChatSession.login({ url, domain: DOMAIN, user: 'alice', password: PASSWORD, mechanism });

  test('one logs in, over TLS that is verified', async () => {
    const boshd = await startBoshd(config);
    const session = await login(boshd.url);
    expect(session.jid).toMatch(/^alice@chat\.example\//);
    expect(await boshd.line({ event: 'stream-ready', domain: DOMAIN })).toMatchObject({ secure: true });
    await session.logout();
    await boshd.stop();
  });

  test('without caFile the reason says what the page does', async () => {
    const override = { host: '127.0.0.1', port: Number(config.upstream.overrides[DOMAIN]?.port) };
    const boshd = await startBoshd({ ...config, upstream: { overrides: { [DOMAIN]: override } } });
    await expect(login(boshd.url)).rejects.toThrow();
    expect(await boshd.line({ event: 'session-ended' })).toMatchObject({ reason: 'tls-untrusted' });
    await boshd.stop();
  });
});

interface Config {
  readonly [key: string]: unknown;
  readonly upstream: {
    readonly overrides: Record<
      string,
      { readonly host: string; readonly port: number; readonly caFile: string }
    >;
  };
}
