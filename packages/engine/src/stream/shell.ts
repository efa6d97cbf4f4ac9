import { EMPTY, type Toolbox } from '../kit/index.ts';
import { isStanza, NS, type Payload, type Skipped, writeElement, type XmlElement } from '../wire/index.ts';
import { isFromAnotherResource } from './addresses.ts';
import { accountOf } from './authentication.ts';
import { countIn } from './counts.ts';
import { element } from './sasl2/convert.ts';
import { sendPayloads } from './send.ts';
import type { Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/*
 * What stands for a stanza that can not be passed on, decided by its start tag alone:
 *
 *   stanza                                     the client gets           the sender gets
 *   any of type error, iq result               its shell, type error     nothing
 *   iq get or set, boshd keeps the stream      its empty place           an error
 *   iq get or set, the client keeps it         its shell                 nothing
 *   message, absent, normal or chat, to a
 *     resource, from another's resource        its shell                 an error; nothing where the client keeps the stream
 *   any other message                          its shell                 nothing
 *   presence                                   its shell, with the       nothing
 *                                              codes of a room
 *   anything else                              nothing, not counted      nothing
 *
 * An error for any other message could throw the user out of a room, or show a stranger the full JID. The error has no
 * content, and is made once, when the stanza is read.
 */

/** The types of a message that are answered for, '' being none. */
const ANSWERED: ReadonlySet<string> = new Set(['', 'normal', 'chat']);
const REQUESTS: ReadonlySet<string> = new Set(['get', 'set']);
/** Of the facts in the log. */
const LOGGED_MAX = 256;

/** The place of a stanza that the client does not get: counted like any other, without bytes. */
const PLACE: Payload = { name: 'iq', namespace: NS.client, bytes: EMPTY };

/** Takes a stanza that can not be passed on: what the client gets in its place, if anything. */
export function takeSkipped(stream: Stream, skipped: Skipped, turn: StreamTurn): Payload | undefined {
  const { name, attributes, fault } = skipped;
  const log = (became: 'shell' | 'error' | 'nothing'): void => {
    const fact = (key: 'to' | 'from' | 'id' | 'type'): string =>
      (attributes.get(key) ?? '').slice(0, LOGGED_MAX);
    const facts = { type: fact('type'), from: fact('from'), to: fact('to'), id: fact('id') };
    turn.work.push({ type: 'skipped', fault, became, stanza: { name: name.slice(0, LOGGED_MAX), ...facts } });
  };
  if (!isStanza(skipped)) {
    log('nothing');
    return undefined;
  }
  // It was read before the link broke, and what had to be said was said.
  if (!countIn(stream.counts)) return undefined;
  const isCounted = stream.management.is === 'by-client';
  const isAnswered = !isCounted && isToBeAnswered(stream, skipped);
  if (isAnswered) sendPayloads(stream, [answerTo(skipped, turn.toolbox)], turn);
  log(isAnswered ? 'error' : 'shell');
  const isRequest = name === 'iq' && REQUESTS.has(attributes.get('type') ?? '');
  if (!isRequest || isCounted) return shellOf(skipped, isAnswered, turn.toolbox);
  return stream.limits.streamManagement === 'client' ? undefined : PLACE;
}

function isToBeAnswered(stream: Stream, { name, attributes, oversized }: Skipped): boolean {
  // There is nobody by such a name.
  if (oversized.has('from')) return false;
  const type = attributes.get('type') ?? '';
  if (name === 'iq') return REQUESTS.has(type);
  if (name !== 'message' || oversized.has('type') || !ANSWERED.has(type)) return false;
  const to = attributes.get('to');
  return (
    to?.includes('/') === true &&
    isFromAnotherResource(attributes.get('from'), to, accountOf(stream.authentication))
  );
}

function refusal(): XmlElement {
  const cause = element('policy-violation', NS.stanzaErrors);
  return {
    ...element('error', NS.client),
    attributes: new Map([['type', 'modify']]),
    children: [cause],
  };
}

/** The error to the sender (RFC 6120 §8.3). */
function answerTo({ name, attributes }: Skipped, toolbox: Toolbox): Payload {
  const given = new Map([['type', 'error']]);
  const from = attributes.get('from');
  const id = attributes.get('id');
  if (from !== undefined) given.set('to', from);
  if (id !== undefined) given.set('id', id);
  const answer: XmlElement = { ...element(name, NS.client), attributes: given, children: [refusal()] };
  return { name, namespace: NS.client, bytes: writeElement(answer, toolbox) };
}

/** What the client gets: the stanza without its content. */
function shellOf(skipped: Skipped, isAnswered: boolean, toolbox: Toolbox): Payload {
  const { name, statuses } = skipped;
  const type = skipped.attributes.get('type') ?? '';
  // A client waits for the answer to its request, so it gets one that says that it failed.
  const isError = type === 'error' || (name === 'iq' && !REQUESTS.has(type));
  const attributes = new Map<string, string>(skipped.attributes);
  if (isError) attributes.set('type', 'error');
  const children = isError ? [refusal()] : name === 'presence' ? codes(statuses) : [];
  const shell: XmlElement = { ...element(name, NS.client), attributes, children };
  const payload = { name, namespace: NS.client, bytes: writeElement(shell, toolbox) };
  return isAnswered ? { ...payload, isAnswered } : payload;
}

/** XEP-0045 §16.6: a client must learn that it is in the room (110), or was thrown out (307). */
function codes(statuses: readonly string[]): readonly XmlElement[] {
  if (statuses.length === 0) return [];
  const children = statuses.map((code) => ({
    ...element('status', NS.mucUser),
    attributes: new Map([['code', code]]),
  }));
  return [{ ...element('x', NS.mucUser), children }];
}
