import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { DirectClient } from './direct-client.ts';

let server: DemoServer;
let romeo: DirectClient;

beforeAll(async () => {
  server = await startDemoServer({ limits: { rosterItemsMax: 2 } });
  romeo = await DirectClient.logIn(server.port, 'romeo', 'orchard');
});
afterAll(() => server.close());

async function ask(type: string, items: string): Promise<readonly string[]> {
  romeo.send(`<iq type='${type}' id='r'><query xmlns='jabber:iq:roster'>${items}</query></iq>`);
  return (await romeo.settle()).map((text) => text.replace(/ id='[^']*'| to='[^']*'/g, ''));
}

const items = (...inside: string[]) =>
  `<iq type='result'><query xmlns='jabber:iq:roster'>${inside.join('')}</query></iq>`;
const push = (item: string) => `<iq type='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`;
const RESULT = "<iq type='result'/>";
const JULIET =
  "<item jid='juliet@demo.localhost' name='juliet' subscription='both'><group>demo.localhost</group></item>";
const LOVE =
  "<item jid='juliet@demo.localhost' name='My love' subscription='both'><group>Capulet</group></item>";

it('shows everybody in a shared group, as the user arranges them', async () => {
  expect(await ask('set', "<item jid='a@example.org'/>")).toEqual([RESULT]);
  expect(await ask('get', '')).toEqual([items("<item jid='a@example.org' subscription='none'/>", JULIET)]);
  const love = "<item jid='juliet@demo.localhost' name='My love'><group>Capulet</group></item>";
  expect(await ask('set', love)).toEqual([RESULT, push(LOVE)]);
  expect(await ask('set', "<item jid='a@example.org' subscription='remove'/>")).toEqual([
    RESULT,
    push("<item jid='a@example.org' subscription='remove'/>"),
  ]);
  expect(await ask('get', '')).toEqual([items(LOVE)]);
  // Nobody leaves the shared group: what the user had set is gone, the person is not.
  expect(await ask('set', "<item jid='juliet@demo.localhost' subscription='remove'/>")).toEqual([
    RESULT,
    push(JULIET),
  ]);
});

it.each([
  ['no item', '', 'bad-request'],
  ['two items', "<item jid='a@b'/><item jid='c@d'/>", 'bad-request'],
  ['no address', "<item jid='@'/>", 'bad-request'],
  ['a group twice', "<item jid='a@b'><group>x</group><group>x</group></item>", 'bad-request'],
  ['a group without a name', "<item jid='a@b'><group/></item>", 'not-acceptable'],
  ['a name without end', `<item jid='a@b' name='${'x'.repeat(2000)}'/>`, 'not-acceptable'],
  ['the removal of nobody', "<item jid='z@b' subscription='remove'/>", 'item-not-found'],
])('refuses %s', async (_what, inside, condition) => {
  expect((await ask('set', inside)).join('')).toContain(`<${condition} xmlns=`);
});

it('is bounded', async () => {
  await ask('set', "<item jid='1@b'/>");
  await ask('set', "<item jid='2@b'/>");
  expect((await ask('set', "<item jid='3@b'/>")).join('')).toContain('<resource-constraint');
});

it('is told of guests: when they come, by the name they have, and when they go', async () => {
  await ask('get', '');
  const guest = await DirectClient.logIn(server.port);
  expect(await ask('get', '')).not.toEqual(expect.arrayContaining([expect.stringContaining(guest.bare)]));
  guest.send("<presence><nick xmlns='http://jabber.org/protocol/nick'>Mercutio</nick></presence>");
  await guest.settle();
  const item = (rest: string) => `<item jid='${guest.bare}'${rest}`;
  const named = item(" name='Mercutio' subscription='both'><group>demo.localhost</group></item>");
  const withoutIds = async () => (await romeo.next()).replace(/ id='[^']*'| to='[^']*'/g, '');
  expect(await withoutIds()).toBe(push(named));
  guest.send('</stream:stream>');
  expect(await withoutIds()).toBe(push(item(" subscription='remove'/>")));
});
