import { afterAll, beforeAll, describe, test } from 'vitest';
import { CLIENTS } from './receivers.ts';
import { SERVERS } from './servers.ts';
import { type Strangers, startStrangers, takesAllRows } from './strangers.ts';

/*
 * A native client of the same server sends what ended sessions of boshd once, stored for a user who is not there, then to the
 * user's client, then into a room. The user gets in with every client, and gets the common messages, also from the archive; Converse is in
 * tests/browser.
 */

let strangers: Strangers;
beforeAll(async () => {
  strangers = await startStrangers();
});
afterAll(() => strangers.stop());

describe.each(SERVERS)('%s', (server) => {
  test.each(CLIENTS)('%s takes all rows: stored, live, archived, in a room', (name, logIn) =>
    takesAllRows(strangers, server, name, logIn),
  );
});
