import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig } from '../support/cluster.ts';
import { makeDirectory, until } from '../support/program.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

let demo: DemoServer;
let boshd: Boshd;
let file = '';
beforeAll(async () => {
  demo = await startDemoServer();
});
afterEach(() => boshd.stop());
afterAll(() => demo.close());

async function start(own: Readonly<Record<string, unknown>>): Promise<void> {
  const directory = await makeDirectory('operator');
  file = join(directory, 'boshd.json');
  const config = {
    ...demoConfig(demo),
    admin: { listen: [`unix:${join(directory, 'admin.sock')}`] },
    ...own,
  };
  await writeFile(file, JSON.stringify(config));
  boshd = await startBoshd(config);
}

/** What the command prints; a code other than 0 rejects. */
function command(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args, '--config', file], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}

const login = () => ChatSession.login({ url: boshd.url, domain: demo.domain, repeats: true });
const isReady = async () => (await fetch(`${boshd.origin}/readyz`)).ok;

describe('boshd drain', () => {
  test('sessions go on until they leave; new ones are refused', async () => {
    // Longer than any run of this test.
    await start({ shutdown: { drain: '1h', deadline: '5s' } });
    const [alice, bob] = await Promise.all([login(), login()]);
    expect(await command('drain', '--no-wait')).toContain('2 sessions are left');
    expect(await isReady()).toBe(false);
    expect(await command('status')).toContain('draining');
    const refused = await new BoshClient(boshd.url).create(demo.domain);
    expect(refused.status).toBe(503);
    alice.message(bob.jid, 'still here');
    expect(await bob.nextMessage()).toBe('still here');
    await alice.logout();
    expect(await command('drain', '--no-wait')).toContain('draining already');
    bob.message(bob.jid, 'and still');
    expect(await bob.nextMessage()).toBe('and still');
    bob.vanish();
    // Told to stop, it would drain first.
    await boshd.end('SIGKILL');
  });

  test('who is left when the drain is over hears it', async () => {
    await start({ shutdown: { drain: '1s', deadline: '5s' } });
    const alice = await login();
    const drainedAt = Date.now();
    const drained = command('drain');
    expect((await alice.ended).condition).toBe('system-shutdown');
    expect(await drained).toMatch(
      /1 session is left[\s\S]*\n(?:boshd: no session is left|boshd: the time is over)/,
    );
    expect(Date.now() - drainedAt).toBeGreaterThanOrEqual(1000);
  });
});

describe('the operator of several workers', () => {
  test('asks one process, and hears of all', async () => {
    await start({ workers: 2, shutdown: { drain: '60s', deadline: '5s' } });
    const users = await Promise.all(Array.from({ length: 4 }, login));
    // Created twice, if a reply came late: who is there is what counts.
    const status = await until('both workers in the status, with four who are logged in', async () => {
      const text = await command('status');
      const counts = [...text.matchAll(/^\S+\/[01] +default +\d+ +\d+ +(\d+) /gm)].map(([, count]) =>
        Number(count),
      );
      return counts.length === 2 && counts.reduce((a, b) => a + b) >= users.length ? text : undefined;
    });
    expect(status).toMatch(/^\S+\/0 +\S+\/1 +default +live /m);
    const sessions = await command('sessions', demo.domain);
    const workers = [...sessions.matchAll(/^\S+ +\S+\/[01] +default .* logged in /gm)];
    expect(workers.length).toBeGreaterThanOrEqual(users.length);
    const [name = ''] = sessions.split('\n').flatMap((line) => /^(\S+) .* logged in /.exec(line)?.[1] ?? []);
    expect(await command('kick', name)).toBe(`boshd: session ${name} is ended\n`);
    expect((await Promise.race(users.map(({ ended }) => ended))).condition).toBe('policy-violation');
    await expect(command('kick', name)).rejects.toThrow('there is no live session');
    expect(await command('status', name)).toContain('ended-by-operator');
    expect(await command('reload')).toContain('the configuration is reloaded');
    expect(await command('drain', '--no-wait')).toContain('draining: no new sessions');
    await until('both drain', async () => {
      const text = await command('status');
      return [...text.matchAll(/^\S+\/[01] +draining /gm)].length === 2;
    });
    for (const user of users) await user.logout();
  });
});
