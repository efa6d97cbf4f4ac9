import { expect, it } from 'vitest';
import { stageConfig } from '../../../../tests/scenarios/config.ts';
import { bodyOf, toolbox } from '../../../../tests/support/engine/session.ts';
import { instantOf } from '../kit/index.ts';
import { NS } from '../wire/index.ts';
import { ConnectionManager, type Input, type KeepOutput, type Kept, type Output } from './index.ts';

const STREAM =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s' from='example.org' version='1.0'><stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const NOW = instantOf(0);
const LINK = 77;

function newManager(): ConnectionManager {
  const vault = { seal: (plain: string) => plain, open: (sealed: string) => sealed } as never;
  return new ConnectionManager({ ...stageConfig(new Map()), survival: { firstLink: 1, vault } }, toolbox);
}

function poll(manager: ConnectionManager, request: number, sid: string): string {
  const outputs = manager.handle(requestOf(request, `rid='2' sid='${sid}'`), NOW);
  const [reply] = outputs.flatMap((output) => (output.type === 'respond' ? [output.reply.body] : []));
  return reply ?? 'held';
}

function requestOf(request: number, attributes: string, content = ''): Input {
  const of = { type: 'request', site: 'default', secure: true, address: '192.0.2.1' } as const;
  return { ...of, request, body: bodyOf(attributes, content) };
}

/** The record of a session whose creation was answered. */
function recordOfNew(manager: ConnectionManager, request: number): Kept {
  const creation = manager.handle(requestOf(request, "rid='1' to='example.org' ver='1.11' wait='5'"), NOW);
  const link = creation.flatMap((output) => (output.type === 'dial' ? [output.link] : []))[0] ?? 0;
  manager.handle({ type: 'link-up', link, secure: true, remote: '192.0.2.9:5222' }, NOW);
  const outputs = manager.handle({ type: 'link-data', link, bytes: Buffer.from(STREAM) }, NOW);
  const kept = outputs.find((output): output is KeepOutput => output.type === 'keep');
  if (kept === undefined) throw new Error('it is not recorded');
  return { ...kept, bytes: new Uint8Array(0), ageMs: 0 };
}

function changed(record: Uint8Array, at: number, to: number): Uint8Array {
  const bytes = Uint8Array.from(record);
  bytes[at] = to;
  return bytes;
}

it.each<[string, (kept: Kept) => Kept, RegExp]>([
  ['of another version', (kept) => ({ ...kept, record: changed(kept.record, 0, 9) }), /^version: version 9/],
  [
    'that is cut off',
    (kept) => ({ ...kept, record: kept.record.subarray(0, 50) }),
    /^damaged: it is cut off/,
  ],
  ['without a byte', (kept) => ({ ...kept, record: new Uint8Array(0) }), /^damaged: it is cut off/],
  [
    'in which something is changed',
    (kept) => ({ ...kept, record: changed(kept.record, 9, 255) }),
    /^damaged: /,
  ],
  ['of another session', (kept) => ({ ...kept, sid: 'f'.repeat(40) }), /^damaged: it is of another session/],
])('a record %s ends its session, with a reason, and no other', (_, spoil, detail) => {
  const before = newManager();
  const [spoilt, sound] = [spoil(recordOfNew(before, 1)), recordOfNew(before, 2)];
  const manager = newManager();
  const outputs = manager.restore([{ ...spoilt, link: LINK }, sound], NOW);
  expect(outputs.filter(isAbout(spoilt.sid))).toEqual([
    { type: 'forget', sid: spoilt.sid },
    { type: 'close', link: LINK },
    expect.objectContaining({ type: 'log' }),
  ]);
  const ended = outputs.flatMap((output) => (output.type === 'log' ? [output.event] : []));
  expect(ended).toMatchObject([
    { event: 'session-ended', reason: 'not-restored', detail: expect.stringMatching(detail) },
  ]);
  expect(poll(manager, 3, spoilt.sid)).toContain("type='terminate' condition='internal-server-error'");
  expect(poll(manager, 4, sound.sid)).not.toContain('terminate');
  expect(manager.liveSessions).toBe(1);
});

it('a client that logs in while its server is not there yet is not recorded meanwhile, for a record may hold no password', () => {
  const manager = newManager();
  const creation = manager.handle(requestOf(1, "rid='1' to='example.org' ver='1.11' wait='0'"), NOW);
  const outputs = [...creation, ...manager.advance(instantOf(1000))];
  const [kept] = outputs.filter((output): output is KeepOutput => output.type === 'keep');
  if (kept === undefined) throw new Error('it is not recorded');
  const auth = `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGp1bGlldABzZWNyZXQ=</auth>`;
  const sent = manager.handle(requestOf(2, `rid='2' sid='${kept.sid}'`, auth), instantOf(2000));
  expect(sent.map(({ type }) => type)).toEqual(['forget', 'respond']);
});

function isAbout(sid: string): (output: Output) => boolean {
  return (output) =>
    (output.type === 'forget' && output.sid === sid) ||
    (output.type === 'close' && output.link === LINK) ||
    output.type === 'log';
}

it('of the requests for a session that is about to come so many wait, and the next are to be repeated', () => {
  const manager = newManager();
  manager.expect(['s']);
  const replies = Array.from({ length: 18 }, (_, at) => poll(manager, at + 1, 's'));
  expect(replies.filter((reply) => reply === 'held')).toHaveLength(16);
  expect(replies.slice(16).every((reply) => reply.includes('try again'))).toBe(true);
  manager.handle({ type: 'request-aborted', request: 1, sid: 's' }, NOW);
  expect(poll(manager, 19, 's')).toBe('held');
  expect(manager.awaited('s')).toHaveLength(16);
  expect(poll(manager, 20, 's')).toContain('item-not-found');
});
