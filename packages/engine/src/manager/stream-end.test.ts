import { describe, expect, it } from 'vitest';
import { stageConfig } from '../../../../tests/scenarios/config.ts';
import { bodyOf, toolbox } from '../../../../tests/support/engine/session.ts';
import { instantOf } from '../kit/index.ts';
import { ALL_REASONS, type Reason, reasonFacts } from '../reasons.ts';
import { CLIENT_XML_LIMITS, decodeFrame } from '../wire/index.ts';
import { ConnectionManager, type Input } from './index.ts';

const STREAM =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s' from='example.org' version='1.0'><stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";

/** A connection manager with one client, whose link the server answers or not, and which then fails. */
class Client {
  readonly #manager = new ConnectionManager(stageConfig(new Map()), toolbox);
  /** All that the client received. */
  received = '';
  #link = 0;

  play(input: Input): void {
    for (const output of this.#manager.handle(input, instantOf(0))) {
      if (output.type === 'dial') this.#link = output.link;
      else if (output.type === 'respond') this.received += output.reply.body;
      else if (output.type === 'socket-send') this.received += output.bytes;
      else if (output.type === 'socket-close') this.received += `(closed with ${output.code})`;
    }
  }

  lose(wasUp: boolean, reason: Reason): void {
    const link = this.#link;
    if (wasUp) {
      this.play({ type: 'link-up', link, secure: true, remote: '192.0.2.9:5222' });
      this.play({ type: 'link-data', link, bytes: Buffer.from(STREAM) });
    }
    this.play({ type: 'link-down', link, reason, detail: '' });
  }
}

/** The condition of the terminal <body/>. */
function overBosh(reason: Reason, wasUp: boolean): string | undefined {
  const client = new Client();
  const request = { type: 'request', site: 'default', secure: true, address: '192.0.2.1' } as const;
  client.play({ ...request, request: 1, body: bodyOf("rid='1' to='example.org' ver='1.11' wait='5'") });
  client.lose(wasUp, reason);
  const sid = / sid='([0-9a-f]+)'/.exec(client.received)?.[1];
  if (sid !== undefined) client.play({ ...request, request: 2, body: bodyOf(`rid='2' sid='${sid}'`) });
  const [, terminal] = /<body([^>]* type='terminate'[^>]*)>/.exec(client.received) ?? [];
  if (terminal === undefined) throw new Error(`no end: ${client.received}`);
  return / condition='([a-z-]+)'/.exec(terminal)?.[1];
}

/** The condition of the <stream:error/>, or how it ended without one. */
function overWebSocket(reason: Reason, wasUp: boolean): string {
  const client = new Client();
  const text = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>";
  const frame = decodeFrame(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
  if (!frame.ok) throw new Error(frame.fault.detail);
  client.play({ type: 'socket-opened', socket: 1, site: 'default', secure: true, address: '192.0.2.1' });
  client.play({ type: 'socket-frame', socket: 1, frame: frame.value });
  client.lose(wasUp, reason);
  const [, condition] = /<stream:error[^>]*><([a-z-]+)/.exec(client.received) ?? [];
  return condition ?? (client.received.includes('(closed with 1011)') ? 'cut off' : '<close/> alone');
}

/** Conditions of XEP-0124 §17.2 in the words of RFC 6120 §4.9.3. */
const AS_STREAM_ERRORS: Readonly<Record<string, string>> = {
  'bad-request': 'bad-format',
  'item-not-found': 'connection-timeout',
  'remote-stream-error': 'undefined-condition',
  none: 'undefined-condition',
};

/** What only a WebSocket has: its client may resume the stream by itself, and knows a limit on sessions by its own name. */
const ONLY_WEBSOCKET: Readonly<Partial<Record<Reason, string>>> = {
  'link-lost': 'cut off',
  'server-silent': 'cut off',
  'stream-closed': '<close/> alone',
};

/** XEP-0124 §17.2: clients that give up for good on remote-connection-failed must not be told it of a session that was up. */
describe.each([
  ['that never came to be', false],
  ['in mid-session', true],
])('the end of a stream %s', (_when, wasUp) => {
  it.each(ALL_REASONS)('by %s is the same over BOSH and WebSocket', (reason) => {
    const bosh = overBosh(reason, wasUp);
    const { condition } = reasonFacts(reason);
    const isServersFault = condition === 'remote-connection-failed' || condition === 'internal-server-error';
    const right = wasUp ? 'internal-server-error' : 'remote-connection-failed';
    expect(bosh).toBe(isServersFault ? right : condition);
    const told = bosh ?? 'none';
    const asError =
      reason === 'too-many-sessions' || reason === 'memory-short'
        ? 'resource-constraint'
        : (AS_STREAM_ERRORS[told] ?? told);
    expect(overWebSocket(reason, wasUp)).toBe((wasUp ? ONLY_WEBSOCKET[reason] : undefined) ?? asError);
  });
});
