import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../server/src/toolbox.ts';
import { ascii } from '../kit/index.ts';
import { RecordCodec } from './codec.ts';
import { CREDENTIAL } from './fields.ts';
import { field, message, number, optional, text } from './message.ts';
import { RecordReader } from './reader.ts';
import type { SessionRecord } from './record.ts';
import { RecordWriter } from './writer.ts';

const toolbox = nodeToolbox();
const PAYLOAD = { name: 'iq', namespace: 'jabber:client', bytes: ascii('<iq/>\u00c3\u00bc'), isOwn: true };

/** Of a session that chats. */
const EXAMPLE: SessionRecord = {
  birth: {
    sid: '0123456789abcdef0123456789abcdef01234567',
    name: 'abcdef',
    site: 'default',
    domain: 'example.org',
    address: '192.0.2.7',
    secure: true,
    creationRid: 2 ** 52,
    streamsMax: 1,
    streamName: '',
    terms: {
      waitMs: 55_000,
      hold: 1,
      requests: 2,
      inactivityMs: 90_000,
      pollingMs: 2000,
      maxpauseMs: 300_000,
      isPolling: false,
      ver: '1.11',
      isLegacy: false,
      acks: true,
      contentType: 'text/xml; charset=utf-8',
    },
    request: {
      domain: 'example.org',
      from: 'juliet@example.org',
      lang: undefined,
      version: '1.0',
      startTls: 'optional',
      showExternal: false,
      route: undefined,
      resumeWithinMs: 390_000,
    },
    xml: { stanzaBytesMax: 4_194_304, depthMax: 200, attributesMax: 16_384, nameBytesMax: 65_536 },
    streamManagement: 'boshd',
    resumption: true,
  },
  session: {
    createdAgoMs: 100_000,
    isEnding: false,
    lastRid: 2 ** 52 + 30,
    isStreamOpen: true,
    isLoggedIn: true,
    registeringLeftMs: undefined,
    isCounting: false,
    loginBytes: 0,
    key: 'bf157a7e379f6eab3f1d1fe62b6bc3b18dc283ac',
    hasTwoConnections: true,
    pauseMs: undefined,
    lastNewAgoMs: 3,
    wasEmptyRound: true,
    strikes: 1,
    report: undefined,
    reportedRid: 2 ** 52,
    gatherScore: 8,
    terminal: undefined,
    facts: undefined,
    given: 12,
    confirmed: 10,
    held: [{ rid: 2 ** 52 + 30, key: undefined, copies: 1, leftMs: 55_000 }],
    answered: [
      {
        rid: 2 ** 52 + 29,
        key: undefined,
        copies: 2,
        agoMs: 40,
        isOfStream: true,
        isConfirmed: false,
        stanzas: 2,
        attributes: ascii(" ack='1'"),
        row: { count: 3, literals: [{ place: 1, payload: PAYLOAD }] },
        reply: undefined,
      },
    ],
    queue: { count: 1, literals: [] },
  },
  stream: {
    way: 'on-link',
    phase: 'ready',
    readBytes: 700,
    root: {
      defaultNamespace: 'jabber:client',
      qualifiedName: ascii('stream:stream'),
      bindings: [
        {
          prefix: ascii('stream'),
          namespace: 'http://etherx.jabber.org/streams',
          declaration: ascii(" xmlns:stream='http://etherx.jabber.org/streams'"),
        },
      ],
    },
    remote: '192.0.2.9:5222',
    isSecure: true,
    isLoggedIn: true,
    wasReady: true,
    from: undefined,
    lang: undefined,
    waiting: [],
    header: undefined,
    hidesFeatures: false,
    legacyAuthId: undefined,
    preloginBytes: 0,
    unaskedFeatures: 0,
    missesBinding: false,
    mechanisms: { sasl: ['PLAIN'], sasl2: [], hidesBinding: false },
    exchange: 'none',
    mechanism: 'PLAIN',
    account: 'juliet@example.org',
    isCounted: false,
    negotiateLeftMs: undefined,
    lastSentAgoMs: 20,
    offersManagement: true,
    management: {
      isEnabled: true,
      uncounted: 1,
      told: 8,
      id: 'sm',
      maxMs: 60_000,
      sent: 3,
      acknowledged: 2,
      queue: [ascii('<message/>')],
    },
    received: 12,
    confirmed: 10,
    owned: 0,
    bridge: undefined,
    resuming: undefined,
    skip: 0,
  },
  credential: ascii('sealed'),
  claim: undefined,
};

const codec = new RecordCodec(toolbox);
const { birth, ...rest } = EXAMPLE;
const written = codec.write({ birth: codec.writeBirth(birth), ...rest });

describe('a record', () => {
  it('is read as it was written', () => {
    const read = codec.read(written);
    expect(read.ok && read.value).toEqual(EXAMPLE);
  });

  it('is small', () => {
    expect(written.length).toBeLessThan(1000);
  });

  it('is a fault wherever it is cut off', () => {
    for (let length = 0; length < written.length; length += 1)
      expect(codec.read(written.subarray(0, length)).ok).toBe(false);
  });

  it('is a fault or another record, whichever byte is changed', () => {
    for (let at = 0; at < written.length; at += 1) {
      const changed = Uint8Array.from(written);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      const read = codec.read(changed);
      if (read.ok) expect(read.value).toBeTypeOf('object');
      else expect(['version', 'damaged']).toContain(read.fault.code);
    }
  });

  it('of a version that is not known is not read', () => {
    const changed = Uint8Array.from(written);
    changed[0] = 9;
    expect(codec.read(changed)).toMatchObject({ ok: false, fault: { code: 'version' } });
  });

  it('is a fault with something behind it', () => {
    expect(codec.read(Uint8Array.from([...written, 0])).ok).toBe(false);
  });
});

describe('fields', () => {
  const older = message<{ one: number; two: string }>({ one: field(1, number, 7), two: field(2, text, '') });
  const newer = message<{ one: number; three: string; four: { five: number } | undefined; two: string }>({
    one: field(1, number, 7),
    three: field(3, text, 'three'),
    four: optional(4, message<{ five: number }>({ five: field(5, number, 0) })),
    two: field(2, text, ''),
  });

  it('that are not known are passed over', () => {
    const writer = new RecordWriter();
    newer.write(writer, { one: 1, three: 'x', four: { five: 2 ** 40 }, two: 'ü' }, toolbox);
    expect(older.read(new RecordReader(writer.finish(), toolbox))).toEqual({ one: 1, two: 'ü' });
  });

  it('that are newer than the record have their defaults', () => {
    const writer = new RecordWriter();
    older.write(writer, { one: 7, two: '' }, toolbox);
    const bytes = writer.finish();
    expect(bytes.length).toBe(4);
    expect(newer.read(new RecordReader(bytes, toolbox))).toEqual({
      one: 7,
      three: 'three',
      four: undefined,
      two: '',
    });
  });

  it('that must be there are missed', () => {
    const reader = new RecordReader(Uint8Array.from([0, 0, 0, 0]), toolbox);
    CREDENTIAL.read(reader);
    expect(reader.fault).toContain('mechanism is missing');
  });

  it('of a token are text', () => {
    const read = codec.readCredential(codec.writeCredential({ ...TOKEN, token: 'tökén' }));
    expect(read.ok && read.value).toEqual({ ...TOKEN, token: 'tökén' });
  });
});

const TOKEN = {
  mechanism: 'HT-SHA-256-NONE',
  jid: 'juliet@example.org',
  user: 'juliet',
  agent: 'a',
  token: 't',
  expiresAt: 32_472_144_000_000,
  count: 3,
};
