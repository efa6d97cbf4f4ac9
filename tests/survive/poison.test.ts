import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig } from '../support/cluster.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

/** A boshd into which a fault was planted: a stanza with a certain text ends the process that takes it up, or keeps it for ever. */
const NODE_OPTIONS = `--import ${fileURLToPath(new URL('planted.mjs', import.meta.url))}`;
const OTHERS = 8;

describe.each([1, 2])('of %i workers', (workers) => {
  let demo: DemoServer;
  let boshd: Boshd;

  beforeAll(async () => {
    demo = await startDemoServer();
    const config = { ...demoConfig(demo), survival: { anchor: 'parent', frozen: '1s' }, workers };
    boshd = await startBoshd(config, undefined, { NODE_OPTIONS });
  });
  afterAll(async () => {
    await boshd.stop();
    await demo.close();
  });

  const login = () => ChatSession.login({ url: boshd.url, domain: demo.domain, repeats: true });

  async function deaths(): Promise<number> {
    return (await boshd.lines()).filter(({ message }) => message === 'a worker died').length;
  }

  test.each(['crash', 'hang'])(
    'a message at which workers %s ends the session that gets it, and no other',
    async (what) => {
      const others = await Promise.all(Array.from({ length: OTHERS }, login));
      const [sender, victim] = [await login(), await login()];
      const before = await deaths();
      const ended: unknown[] = [];
      for (const each of [...others, sender]) void each.ended.then((end) => ended.push(end));
      sender.message(victim.jid, `${what} at the recipient`);
      expect(await victim.ended).toMatchObject({ condition: 'internal-server-error' });
      await boshd.line({ event: 'session-ended', reason: 'poison' });
      for (const [index, each] of others.entries())
        each.message(others[(index + 1) % OTHERS]?.jid ?? '', 'after');
      for (const each of others) expect(await each.nextMessage()).toBe('after');
      sender.message(others[0]?.jid ?? '', 'from the sender');
      expect(await others[0]?.nextMessage()).toBe('from the sender');
      expect(ended).toEqual([]);
      // Where no worker has died within a minute before, the first tells nothing.
      expect((await deaths()) - before).toBeLessThanOrEqual(3);
      await Promise.all([...others, sender].map((each) => each.logout()));
    },
  );

  test('a request at which workers crash ends the session that repeats it, and no other', async () => {
    const others = await Promise.all(Array.from({ length: OTHERS }, login));
    const victim = await login();
    const before = await deaths();
    const ended: unknown[] = [];
    for (const each of others) void each.ended.then((end) => ended.push(end));
    victim.message(others[0]?.jid ?? '', 'crash at the sender');
    expect(await victim.ended).toMatchObject({ condition: 'internal-server-error' });
    for (const [index, each] of others.entries())
      each.message(others[(index + 1) % OTHERS]?.jid ?? '', 'after');
    for (const each of others) expect(await each.nextMessage()).toBe('after');
    expect(ended).toEqual([]);
    expect((await deaths()) - before).toBeLessThanOrEqual(3);
    await Promise.all(others.map((each) => each.logout()));
  });
});
