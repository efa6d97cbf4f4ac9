import { describe, expect, it } from 'vitest';
import { instantOf } from '../../kit/index.ts';
import { DEFAULT_SESSION_LIMITS } from '../../session/index.ts';
import { DEFAULT_SOCKET_LIMITS } from '../../socket/index.ts';
import { DEFAULT_STREAM_LIMITS } from '../../stream/index.ts';
import { SERVER_XML_LIMITS } from '../../wire/index.ts';
import type { ManagerConfig } from '../config.ts';
import { Budget } from '../memory/budget.ts';
import { Sites } from '../sites.ts';
import { addressGroup } from './address-group.ts';
import { Admission, type Guest, isRefusal } from './admission.ts';
import { DEFAULT_ADMISSION_LIMITS } from './limits.ts';

const at = (seconds: number) => instantOf(seconds * 1000);

type Limits = Partial<typeof DEFAULT_ADMISSION_LIMITS>;

const make = (limits: Limits = {}) => new Admission({ ...DEFAULT_ADMISSION_LIMITS, ...limits });

/** Those of so many creations at once that are admitted. */
function admitted(admission: Admission, address: string, count: number, seconds: number): Guest[] {
  return Array.from({ length: count }, () => admission.enter(address, at(seconds))).filter(
    (outcome): outcome is Guest => !isRefusal(outcome),
  );
}

function guestOf(admission: Admission, address = '192.0.2.1', seconds = 0): Guest {
  const outcome = admission.enter(address, at(seconds));
  if (isRefusal(outcome)) throw new Error(outcome.detail);
  return outcome;
}

describe('what counts as one address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '32.1.13.184.0.1.0.2'],
    ['2001:db8:1:2::', '32.1.13.184.0.1.0.2'],
    ['2001:db8:1:3::', '32.1.13.184.0.1.0.3'],
    ['unknown', 'unknown'],
    ['127.0.0.1', undefined],
    ['127.1.2.3', undefined],
    ['::1', undefined],
    ['::ffff:127.0.0.1', undefined],
    ['', undefined],
  ])('%s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});

describe('sessions of one address', () => {
  it('count where they are used', () => {
    const admission = make({ sessionsPerAddressMax: 2, creationsPerAddressPerSecond: 0 });
    const [first, second] = admitted(admission, '192.0.2.1', 3, 0);
    if (first === undefined || second === undefined) throw new Error('two are admitted');
    expect(admission.move(first, '203.0.113.1', false, at(0))).toBe(true);
    expect(admission.move(first, '::ffff:203.0.113.1', false, at(0))).toBe(false);
    expect(admitted(admission, '192.0.2.1', 3, 0)).toHaveLength(1);
    expect(admitted(admission, '203.0.113.1', 3, 0)).toHaveLength(1);
    // There is no room, so it stays; one that was made for a page must go there.
    expect(admission.move(second, '203.0.113.1', false, at(0))).toBe(false);
    expect(admission.move(second, '203.0.113.1', true, at(0))).toBe(true);
    expect(admitted(admission, '192.0.2.1', 3, 0)).toHaveLength(1);
    admission.leave(first, at(0));
    expect(admitted(admission, '203.0.113.1', 3, 0)).toHaveLength(0);
    admission.leave(second, at(0));
    expect(admitted(admission, '203.0.113.1', 3, 0)).toHaveLength(1);
    expect(admission.liveSessions).toBe(4);
  });

  it('are limited, and each that ends makes room for one', () => {
    const admission = make({ sessionsPerAddressMax: 5, creationsPerAddressPerSecond: 0 });
    const [first] = admitted(admission, '192.0.2.1', 9, 0);
    expect(admission.liveSessions).toBe(5);
    expect(admitted(admission, '192.0.2.2', 9, 0)).toHaveLength(5);
    if (first !== undefined) admission.leave(first, at(0));
    expect(admitted(admission, '192.0.2.1', 9, 0)).toHaveLength(1);
    expect(admission.liveSessions).toBe(10);
  });

  it('are those of a whole /64 of IPv6', () => {
    const admission = make({ sessionsPerAddressMax: 5, creationsPerAddressPerSecond: 0 });
    expect(admitted(admission, '2001:db8::1', 3, 0)).toHaveLength(3);
    expect(admitted(admission, '2001:db8::ffff:2', 9, 0)).toHaveLength(2);
    expect(admitted(admission, '2001:db8:0:1::1', 9, 0)).toHaveLength(5);
  });

  it.each(['127.0.0.1', '::1', ''])('are not limited for a proxy on the same machine: %s', (address) => {
    expect(admitted(make(), address, 200, 0)).toHaveLength(200);
  });

  it('are not limited where the limit is 0', () => {
    const admission = make({ sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 });
    expect(admitted(admission, '192.0.2.1', 200, 0)).toHaveLength(200);
  });
});

describe('creations', () => {
  it('of one address may come in a burst, then at a rate', () => {
    const admission = make({ sessionsPerAddressMax: 0 });
    expect(admitted(admission, '192.0.2.1', 99, 0)).toHaveLength(30);
    expect(admitted(admission, '192.0.2.1', 99, 0.1)).toHaveLength(1);
    expect(admitted(admission, '192.0.2.1', 99, 1.1)).toHaveLength(10);
    expect(admitted(admission, '192.0.2.1', 99, 1000)).toHaveLength(30);
  });

  it('of a site as a whole as well, proxies or not', () => {
    const admission = make({ creationsPerSecond: 10, creationsBurst: 20 });
    expect(admitted(admission, '::1', 15, 0)).toHaveLength(15);
    expect(admitted(admission, '192.0.2.1', 99, 0)).toHaveLength(5);
    expect(admission.enter('192.0.2.9', at(0))).toEqual({
      reason: 'too-many-sessions',
      detail: 'sessions are created too fast',
      retryAfterSeconds: 1,
    });
  });
});

describe('sessions before their log-in', () => {
  it('are limited, and a log-in or an end makes room', () => {
    const admission = make({ preloginSessionsMax: 3 });
    const [first, second] = admitted(admission, '::1', 9, 0);
    expect(admission.preloginSessions).toBe(3);
    if (first !== undefined) admission.loggedIn(first);
    if (second !== undefined) admission.leave(second, at(0));
    expect(admission.preloginSessions).toBe(1);
    expect(admitted(admission, '::1', 9, 0)).toHaveLength(2);
    // Its log-in made room once; its end must not do so again.
    if (first !== undefined) admission.leave(first, at(0));
    expect(admission.preloginSessions).toBe(3);
  });
});

describe('places before the log-in', () => {
  it.each<[title: string, attacker: (n: number) => string]>([
    ['an IPv4 address', () => '192.0.2.9'],
    ['a /64', (n) => `2001:db8:1:1::${n.toString(16)}`],
    ['a /56', (n) => `2001:db8:1:1${(n % 256).toString(16).padStart(2, '0')}::1`],
    ['a /48', (n) => `2001:db8:1:${n.toString(16)}::1`],
  ])('that one network takes go to those of others: %s', (_title, attacker) => {
    const limits = { preloginSessionsMax: 20, sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 };
    const admission = make(limits);
    const own = Array.from({ length: 20 }, (_, n) => guestOf(admission, attacker(n)));
    expect(isRefusal(admission.enter(attacker(99), at(0)))).toBe(true);
    expect(admission.takeDisplaced()).toEqual([]);
    const honest = Array.from({ length: 10 }, (_, n) => guestOf(admission, `198.51.100.${n}`));
    expect(admission.takeDisplaced()).toEqual(own.slice(0, 10));
    expect(admission.takeDisplaced()).toEqual([]);
    // The attacker gets none of them back, whatever he tries.
    for (let n = 100; n < 200; n += 1) admission.enter(attacker(n), at(0));
    expect(admission.takeDisplaced()).toEqual([]);
    expect(admission.preloginSessions).toBe(20);
    // A displaced session that ends makes no second room.
    for (const guest of own.slice(0, 10)) admission.leave(guest, at(0));
    expect(admission.preloginSessions).toBe(20);
    for (const guest of honest) admission.loggedIn(guest);
    expect(admission.preloginSessions).toBe(10);
  });

  it('are kept by those who have them, in a crowd of people who have one each', () => {
    const admission = make({ preloginSessionsMax: 20 });
    for (let n = 0; n < 20; n += 1) guestOf(admission, `198.51.100.${n}`);
    expect(isRefusal(admission.enter('198.51.100.99', at(0)))).toBe(true);
    expect(admission.takeDisplaced()).toEqual([]);
  });

  it('are not given up for somebody whom another limit keeps out', () => {
    const admission = make({ preloginSessionsMax: 3, creationsPerSecond: 1, creationsBurst: 3 });
    admitted(admission, '192.0.2.1', 3, 0);
    expect(isRefusal(admission.enter('192.0.2.2', at(0)))).toBe(true);
    expect(admission.takeDisplaced()).toEqual([]);
  });
});

describe('log-ins that fail', () => {
  const limits = { failedLoginsPerAddressPerMinute: 6, failedLoginsPerAddressBurst: 3 };

  it('beyond the limit end the session and keep the address out for a while', () => {
    const admission = make(limits);
    const guest = guestOf(admission);
    const other = guestOf(admission);
    for (let count = 0; count < 3; count += 1) admission.loginFailed(guest, at(0));
    expect(guest.violation).toBeUndefined();
    admission.loginFailed(guest, at(0));
    expect(guest.violation?.reason).toBe('too-many-failed-logins');
    expect(other.violation).toBeUndefined();
    expect(admission.enter('192.0.2.1', at(0))).toEqual({
      reason: 'too-many-failed-logins',
      detail: 'of this address',
      retryAfterSeconds: 20,
    });
    expect(isRefusal(admission.enter('192.0.2.2', at(0)))).toBe(false);
    expect(isRefusal(admission.enter('192.0.2.1', at(20)))).toBe(false);
  });

  it('are remembered when the sessions are gone', () => {
    const admission = make(limits);
    const guest = guestOf(admission);
    for (let count = 0; count < 4; count += 1) admission.loginFailed(guest, at(0));
    admission.leave(guest, at(1));
    expect(isRefusal(admission.enter('192.0.2.1', at(2)))).toBe(true);
  });

  it.each([
    ['where the limit is off', '192.0.2.1', { failedLoginsPerAddressPerMinute: 0 }],
    ['for a proxy on the same machine', '127.0.0.1', limits],
  ])('are not counted %s', (_title, address, own) => {
    const admission = make(own);
    const guest = guestOf(admission, address);
    for (let count = 0; count < 99; count += 1) admission.loginFailed(guest, at(0));
    expect(guest.violation).toBeUndefined();
  });
});

describe('what is sent', () => {
  const few = { bytesPerSessionPerSecond: 100, bytesPerSessionBurst: 1000 };

  it.each<[string, Limits, number, number, string]>([
    ['bytes of a session', few, 100, 1, 'bytes of this session'],
    [
      'payloads of a session',
      { payloadsPerSessionPerSecond: 1, payloadsPerSessionBurst: 10 },
      100,
      1,
      'payloads of this session',
    ],
    [
      'bytes of an address',
      { bytesPerAddressPerSecond: 100, bytesPerAddressBurst: 1000 },
      100,
      1,
      'bytes of all sessions of this address',
    ],
    [
      'payloads of an address',
      { payloadsPerAddressPerSecond: 1, payloadsPerAddressBurst: 10 },
      100,
      1,
      'payloads of all sessions of this address',
    ],
  ])('is limited: %s', (_title, limits, bytes, payloads, detail) => {
    const admission = make(limits);
    const guest = guestOf(admission);
    for (let count = 0; count < 10; count += 1) {
      expect(admission.sent(guest, bytes, payloads, at(0))).toBeUndefined();
    }
    expect(admission.sent(guest, bytes, payloads, at(0))).toMatchObject({
      reason: 'too-much-traffic',
      detail,
    });
  });

  it('is forgiven in time', () => {
    const admission = make(few);
    const guest = guestOf(admission);
    expect(admission.sent(guest, 1000, 1, at(0))).toBeUndefined();
    expect(admission.sent(guest, 100, 1, at(1))).toBeUndefined();
    expect(admission.sent(guest, 900, 1, at(10))).toBeUndefined();
  });

  it('by one session of an address is taken off what the others may send', () => {
    const admission = make({ bytesPerAddressPerSecond: 100, bytesPerAddressBurst: 1000 });
    const [first, second] = [guestOf(admission), guestOf(admission)];
    expect(admission.sent(first, 900, 1, at(0))).toBeUndefined();
    expect(admission.sent(second, 900, 1, at(0))).toBeDefined();
    expect(admission.sent(guestOf(admission, '192.0.2.2'), 900, 1, at(0))).toBeUndefined();
  });
});

describe('sites', () => {
  const policy = (limits: Limits): ManagerConfig => ({
    session: DEFAULT_SESSION_LIMITS,
    stream: DEFAULT_STREAM_LIMITS,
    socket: DEFAULT_SOCKET_LIMITS,
    serverXml: SERVER_XML_LIMITS,
    domains: {
      defaultDomain: undefined,
      allow: ['*'],
      deny: [],
      gone: [],
      routePorts: [],
      overrides: new Map(),
    },
    showExternal: false,
    seeOther: undefined,
    admission: { ...DEFAULT_ADMISSION_LIMITS, ...limits },
  });

  const budget = new Budget(DEFAULT_ADMISSION_LIMITS);

  function enterMany(sites: Sites, name: string, count: number): number {
    const outcomes = Array.from({ length: count }, () => sites.enter(sites.of(name), '::1', at(0)));
    return outcomes.filter((outcome) => !isRefusal(outcome)).length;
  }

  it('have their own limits, under that of the process', () => {
    const sites = new Sites(
      {
        ...policy({ sessionsMax: 10 }),
        sites: new Map([
          ['a', policy({ sessionsMax: 4 })],
          ['b', policy({ sessionsMax: 100 })],
        ]),
      },
      budget,
    );
    expect(enterMany(sites, 'a', 9)).toBe(4);
    expect(enterMany(sites, 'default', 3)).toBe(3);
    expect(enterMany(sites, 'b', 9)).toBe(3);
    expect(sites.enter(sites.of('b'), '::1', at(0))).toMatchObject({ detail: '10 sessions are live' });
    expect(sites.liveSessions).toBe(10);
  });

  it('change with the configuration, and one that is gone keeps what it had', () => {
    const named = (limits: Limits) => new Map([['a', policy(limits)]]);
    const sites = new Sites({ ...policy({}), sites: named({ sessionsMax: 2 }) }, budget);
    expect([enterMany(sites, 'a', 9), enterMany(sites, 'default', 1)]).toEqual([2, 1]);
    sites.change({ ...policy({}), sites: named({ sessionsMax: 3 }) });
    expect(enterMany(sites, 'a', 9)).toBe(1);
    for (let count = 0; count < 2; count += 1) sites.change(policy({ sessionsMax: 5 }));
    expect(sites.of('a').policy.admission.sessionsMax).toBe(3);
    expect(sites.of('default').policy.admission.sessionsMax).toBe(5);
    sites.change({ ...policy({}), sites: named({ sessionsMax: 7 }) });
    expect(enterMany(sites, 'a', 9)).toBe(4);
  });
});

describe('addresses', () => {
  it('are forgotten with their last session once what they may do is there again', () => {
    const admission = make();
    const guest = guestOf(admission);
    admission.sent(guest, 1000, 1, at(0));
    admission.leave(guest, at(60));
    expect(admission.knownAddresses).toBe(0);
  });

  it('whose sessions failed at once do not pile up while others live', () => {
    const admission = make();
    guestOf(admission);
    for (let index = 0; index < 20_000; index += 1) {
      const address = `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`;
      admission.leave(guestOf(admission, address, index), at(index));
    }
    expect(admission.knownAddresses).toBeLessThanOrEqual(1025);
    expect(admission.liveSessions).toBe(1);
  });
});
