import { type Client, client, type XmlNode, xml } from '@xmpp/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { until } from '../support/program.ts';
import { startRelay } from '../support/relay.ts';

let server: DemoServer;

beforeAll(async () => {
  server = await startDemoServer();
});
afterAll(() => server.close());

interface Online {
  readonly client: Client;
  readonly jid: string;
  /** The next message with a body. */
  message(): Promise<string>;
  /** Resolves when presence of that address has come. */
  sees(from: string): Promise<void>;
}

async function online(
  credentials: { username?: string; password?: string },
  port = server.port,
): Promise<Online> {
  const one = client({ service: `xmpp://127.0.0.1:${port}`, domain: server.domain, ...credentials });
  const stanzas: XmlNode[] = [];
  let wake = (): void => undefined;
  one.on('error', () => undefined);
  one.on('stanza', (stanza) => {
    stanzas.push(stanza);
    wake();
  });
  const take = async (wanted: (stanza: XmlNode) => boolean): Promise<XmlNode> => {
    for (;;) {
      const at = stanzas.findIndex(wanted);
      const [found] = at < 0 ? [] : stanzas.splice(at, 1);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const jid = (await one.start()).toString();
  await one.send(xml('presence'));
  return {
    client: one,
    jid,
    message: async () => (await take((stanza) => stanza.is('message'))).getChildText('body') ?? '',
    sees: async (from) => {
      await take((stanza) => stanza.is('presence') && stanza.attrs['from'] === from);
    },
  };
}

function say(to: string, text: string): XmlNode {
  return xml('message', { to, type: 'chat' }, xml('body', {}, text));
}

it('xmpp.js logs in by SCRAM and as a guest, and both chat', async () => {
  const romeo = await online({ username: 'romeo', password: 'demo' });
  const guest = await online({});
  await romeo.sees(guest.jid);
  await guest.sees(romeo.jid);
  await romeo.client.send(say(guest.jid, 'Ay, pilgrim <&> \u{1f339}'));
  expect(await guest.message()).toBe('Ay, pilgrim <&> \u{1f339}');
  for (let count = 0; count < 200; count++)
    await guest.client.send(say('romeo@demo.localhost', `line ${count}`));
  for (let count = 0; count < 200; count++) expect(await romeo.message()).toBe(`line ${count}`);
  await romeo.client.stop();
  await guest.client.stop();
});

it('xmpp.js is told of a wrong password', async () => {
  await expect(online({ username: 'romeo', password: 'wrong' })).rejects.toMatchObject({
    condition: 'not-authorized',
  });
});

it('xmpp.js resumes its stream after each cut, with the token that it got, and nothing is lost or doubled', async () => {
  const relay = await startRelay(server.port);
  const romeo = await online({ username: 'romeo', password: 'demo' }, relay.port);
  const guest = await online({});
  const logIns: string[] = [];
  romeo.client.on('send', ({ name, attrs }) => {
    if (name === 'authenticate') logIns.push(attrs['mechanism'] ?? '');
  });
  let resumed = 0;
  romeo.client.streamManagement.on('resumed', () => {
    resumed += 1;
  });
  const [toRomeo, toGuest]: [string[], string[]] = [[], []];
  for (let cuts = 1; cuts <= 3; cuts++) {
    for (let count = 0; count < 20; count++) {
      const text = `${cuts} ${count}`;
      await guest.client.send(say(romeo.jid, text));
      await romeo.client.send(say(guest.jid, text));
      toRomeo.push(text);
      toGuest.push(text);
    }
    expect(relay.cut()).toBe(1);
    await guest.client.send(say(romeo.jid, `while ${cuts}`));
    toRomeo.push(`while ${cuts}`);
    await until('the stream to be resumed', () => resumed === cuts);
  }
  expect(logIns).toEqual(['HT-SHA-256-NONE', 'HT-SHA-256-NONE', 'HT-SHA-256-NONE']);
  const heard: [string[], string[]] = [[], []];
  for (const _ of toRomeo) heard[0].push(await romeo.message());
  for (const _ of toGuest) heard[1].push(await guest.message());
  expect(heard).toEqual([toRomeo, toGuest]);
  // Nor does anything come afterwards.
  await romeo.client.send(say(guest.jid, 'last'));
  await guest.client.send(say(romeo.jid, 'last'));
  expect([await romeo.message(), await guest.message()]).toEqual(['last', 'last']);
  await romeo.client.stop();
  await guest.client.stop();
  await relay.close();
});
