import { describe, expect, it } from 'vitest';
import { toolbox } from '../../../../tests/support/engine/session.ts';
import { ascii, instantOf, seconds } from '../kit/index.ts';
import type { DialPlan } from '../site/index.ts';
import { NS, type Payload } from '../wire/index.ts';
import { redirectTarget } from './redirect.ts';
import { beginStart, judgeStart, type Scene, type Start, type StartFailure } from './start.ts';

const PLAN: DialPlan = {
  domain: 'example.org',
  target: 'discover',
  tls: 'required',
  tlsMin: '1.2',
  verify: true,
  ca: undefined,
  clientAddress: '192.0.2.1',
  proxyProtocol: undefined,
  tried: [],
  isRetry: false,
};

const scene = (remote: string, nowMs = 0): Scene => ({
  now: instantOf(nowMs),
  within: seconds(15),
  toolbox,
  remote,
  isSecure: true,
});

function streamError(inside: string): Payload {
  const bytes = ascii(`<stream:error>${inside}</stream:error>`);
  return { bytes, name: 'error', namespace: NS.stream };
}

const otherHost = (text: string): Payload =>
  streamError(`<see-other-host xmlns='${NS.streamErrors}'>${text}</see-other-host>`);

const met = (start: Start, next: Start['next']): Start => ({ ...start, next });

describe('where a see-other-host leads', () => {
  it.each([
    ['shard.example.org', 'shard.example.org', undefined],
    [' shard.example.org ', 'shard.example.org', undefined],
    ['shard.example.org:5223', 'shard.example.org', 5223],
    ['b\u00fccher.example', 'b\u00fccher.example', undefined],
    ['192.0.2.7', '192.0.2.7', undefined],
    ['192.0.2.7:1', '192.0.2.7', 1],
    ['[2001:db8::7]', '2001:db8::7', undefined],
    ['[2001:db8::7]:65535', '2001:db8::7', 65_535],
  ])('%s', (text, host, port) => {
    const utf8 = ascii(Buffer.from(text, 'utf8').toString('latin1'));
    expect(redirectTarget(otherHost(utf8), toolbox)).toEqual({ host, port, isForeign: true });
  });

  it.each([
    '',
    ':5222',
    '2001:db8::7',
    'a:0',
    'a:65536',
    'a:123456',
    'a:b',
    'a b',
    'https://a/',
    'a/b',
    'u@a',
    'a:1:2',
    '[a]:1',
    'x'.repeat(254),
  ])('nowhere: %s', (text) => {
    expect(redirectTarget(otherHost(text), toolbox)).toBeUndefined();
  });

  it('nowhere: another condition, or one of another namespace, or one that is too long to be one', () => {
    for (const error of [
      streamError(`<host-gone xmlns='${NS.streamErrors}'>a</host-gone>`),
      streamError("<see-other-host xmlns='urn:x'>a</see-other-host>"),
      otherHost(`a${' '.repeat(5000)}`),
    ]) {
      expect(redirectTarget(error, toolbox)).toBeUndefined();
    }
  });
});

describe('what follows when a link of a start was of no use', () => {
  const lost: StartFailure = { reason: 'link-lost', detail: '192.0.2.9:5222: closed by the server' };

  it.each<[string, Start['next'], StartFailure, number, string]>([
    ['the next endpoint', 'other', { reason: 'not-xmpp', detail: '' }, 0, 'dial'],
    ['once more the same', 'again', lost, 0, 'dial'],
    [
      'nothing, for a certificate does not become right',
      'again',
      { reason: 'tls-expired', detail: '' },
      0,
      'give-up',
    ],
    [
      'once more the same, when it is being stopped',
      'again',
      {
        reason: 'stream-error',
        detail: '',
        error: streamError(`<system-shutdown xmlns='${NS.streamErrors}'/>`),
      },
      0,
      'dial',
    ],
    [
      'nothing, when it says that it does not serve the domain',
      'again',
      {
        reason: 'stream-error',
        detail: '',
        error: streamError(`<host-unknown xmlns='${NS.streamErrors}'/>`),
      },
      0,
      'give-up',
    ],
    ['nothing, when nothing is left', undefined, lost, 0, 'give-up'],
    ['nothing, when the client was the cause', 'other', { reason: 'client-flood', detail: '' }, 0, 'give-up'],
    ['nothing, when the time is over', 'other', lost, 15_000, 'give-up'],
  ])('%s', (_title, next, failure, nowMs, type) => {
    const start = met(beginStart(PLAN, instantOf(0)), next);
    expect(judgeStart(start, failure, scene('192.0.2.9:5222', nowMs)).type).toBe(type);
  });

  it('all once more, when the last of several servers cannot be reached', () => {
    const first = judgeStart(
      met(beginStart(PLAN, instantOf(0)), 'other'),
      { reason: 'not-xmpp', detail: '' },
      scene('192.0.2.9:5222'),
    );
    if (first.type !== 'dial') throw new Error('it goes on');
    const refused: StartFailure = { reason: 'connect-refused', detail: '192.0.2.10:5222: ECONNREFUSED' };
    const second = judgeStart(first.start, refused, scene('', 1000));
    expect(second).toMatchObject({ type: 'dial', start: { plan: { tried: [], isRetry: true } } });
    if (second.type !== 'dial') throw new Error('it goes on');
    expect(judgeStart(second.start, refused, scene('', 11_000)).type).toBe('give-up');
  });

  it('a server that always hangs up is dialled as long as there is time, and not for ever', () => {
    const lostAt = (start: Start, nowMs: number) =>
      judgeStart(met(start, 'again'), lost, scene('192.0.2.9:5222', nowMs));
    let start = beginStart(PLAN, instantOf(0));
    let dials = 1;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      const verdict = lostAt(start, nowMs);
      if (verdict.type === 'give-up') break;
      start = verdict.start;
      dials += 1;
    }
    expect(dials).toBe(12);
    expect(lostAt(beginStart(PLAN, instantOf(0)), 14_999).type).toBe('dial');
    expect(lostAt(beginStart(PLAN, instantOf(0)), 15_000).type).toBe('give-up');
  });

  it('all that went wrong is told, with the reason of the first server that was met', () => {
    const first = judgeStart(
      met(beginStart(PLAN, instantOf(0)), 'other'),
      { reason: 'tls-not-offered', detail: '' },
      scene('192.0.2.9:5222'),
    );
    if (first.type !== 'dial') throw new Error('it goes on');
    expect(first.start.plan.tried).toEqual(['192.0.2.9:5222']);
    const refused: StartFailure = { reason: 'connect-refused', detail: '192.0.2.10:5222: ECONNREFUSED' };
    expect(judgeStart(first.start, refused, scene('', 15_000))).toEqual({
      type: 'give-up',
      failure: {
        reason: 'tls-not-offered',
        detail: '192.0.2.9:5222: tls-not-offered; 192.0.2.10:5222: ECONNREFUSED',
      },
    });
  });

  it('where one server led to another, the last word counts, with the way there', () => {
    const redirected: StartFailure = {
      reason: 'stream-error',
      detail: 'see-other-host',
      error: otherHost('10.0.0.1:5222'),
    };
    const start = met(beginStart(PLAN, instantOf(0)), undefined);
    const followed = judgeStart(start, redirected, scene('192.0.2.9:5222'));
    if (followed.type !== 'dial') throw new Error('it is followed');
    expect(followed.start.plan).toMatchObject({
      domain: 'example.org',
      target: { host: '10.0.0.1', port: 5222, isForeign: true },
    });
    const forbidden: StartFailure = { reason: 'address-forbidden', detail: '10.0.0.1:5222: private use' };
    expect(judgeStart(followed.start, forbidden, scene(''))).toEqual({
      type: 'give-up',
      failure: {
        reason: 'address-forbidden',
        detail: '192.0.2.9:5222: stream-error (see-other-host); 10.0.0.1:5222: private use',
      },
    });
  });
});
