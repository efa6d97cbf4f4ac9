import { createClient } from 'stanza';
import type { Happening, Login, RealClient } from './client.ts';

/** stanza, which connects again by itself; in this process, without a browser's cookies. */
export function startStanza({ origin, jid, password }: Login): RealClient {
  const happenings: Happening[] = [];
  const client = createClient({
    jid,
    password,
    transports: { bosh: `${origin}/http-bind`, websocket: false },
    autoReconnect: true,
  });
  client.on('session:started', () => void happenings.push({ what: 'up', at: Date.now() }));
  client.on('disconnected', () => void happenings.push({ what: 'down', at: Date.now() }));
  client.connect();
  return {
    kind: 'stanza',
    happenings: () => Promise.resolve(happenings),
    leave: () =>
      new Promise((resolve) => {
        client.once('disconnected', () => resolve());
        client.disconnect();
      }),
  };
}
