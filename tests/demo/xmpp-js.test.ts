import { type Client, client, type XmlNode, xml } from '@xmpp/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';

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

async function online(credentials: { username?: string; password?: string }): Promise<Online> {
  const one = client({ service: `xmpp://127.0.0.1:${server.port}`, domain: server.domain, ...credentials });
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
