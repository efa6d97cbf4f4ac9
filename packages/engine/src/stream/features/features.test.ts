import { describe, expect, it } from 'vitest';
import { toolbox } from '../../../../../tests/support/engine/session.ts';
import { ascii } from '../../kit/index.ts';
import { NS } from '../../wire/index.ts';
import { readFeatures } from './features.ts';

const read = (inside: string, showExternal = false) => {
  const bytes = ascii(`<stream:features>${inside}</stream:features>`);
  return readFeatures(
    { bytes, name: 'features', namespace: NS.stream },
    { external: showExternal, management: false, bridge: false },
    toolbox,
  );
};

/** What the client is shown between the tags of features. */
const shown = (inside: string, showExternal = false): string =>
  read(inside, showExternal)
    .shown.bytes.replace(/^<stream:features\/?>/, '')
    .replace('</stream:features>', '');

const mechanisms = (...names: readonly string[]): string =>
  `<mechanisms xmlns='${NS.sasl}'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}</mechanisms>`;

describe('what a BOSH client is not shown (XEP-0206 §4)', () => {
  it.each([
    [`<starttls xmlns='${NS.tls}'><required/></starttls>`],
    ["<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>"],
    ["<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/>"],
    ["<sm xmlns='urn:xmpp:sm:3'/>"],
    ["<sm xmlns='urn:xmpp:sm:2'><optional/></sm>"],
    ["<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>"],
    ["<bind xmlns='urn:xmpp:bind:0'/>"],
    ["<fast xmlns='urn:xmpp:fast:0'/>"],
  ])('%s', (feature) => {
    expect(shown(feature)).toBe('');
    expect(shown(`${feature}<ver xmlns='urn:xmpp:features:rosterver'/>`)).toBe(
      "<ver xmlns='urn:xmpp:features:rosterver'/>",
    );
  });
});

describe('what it is shown', () => {
  it.each([
    ["<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"],
    ["<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"],
    ["<auth xmlns='http://jabber.org/features/iq-auth'/>"],
    ["<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/>"],
    ["<sm xmlns='urn:example:other'/>"],
    [''],
  ])('%s', (feature) => {
    expect(shown(feature)).toBe(feature);
  });
});

describe('what XEP-0474 compares', () => {
  const BINDING =
    "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>";

  /** The names over which a server makes its hash, and a client that reads the same features its own. */
  const compared = (features: string): readonly string[] =>
    [...features.matchAll(/<mechanism>([^<]+)<|channel-binding type='([^']+)'/g)]
      .map(([, mechanism, binding]) => mechanism ?? String(binding))
      .sort();

  it.each<[what: string, features: string, isSame: boolean]>([
    ['nothing that boshd hides', mechanisms('SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'), true],
    ['-PLUS', mechanisms('SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'), false],
    ['EXTERNAL', mechanisms('EXTERNAL', 'SCRAM-SHA-1'), false],
    ['a list of channel bindings', `${mechanisms('SCRAM-SHA-1')}${BINDING}`, false],
  ])('is the same for server and client where the server offers %s: %s', (_what, features, isSame) => {
    expect(compared(shown(features)).join() === compared(features).join()).toBe(isSame);
  });
});

describe('mechanisms', () => {
  it.each([
    [
      ['SCRAM-SHA-1', 'PLAIN'],
      ['SCRAM-SHA-1', 'PLAIN'],
    ],
    [['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256'], ['SCRAM-SHA-256']],
    [['EXTERNAL', 'ANONYMOUS'], ['ANONYMOUS']],
    [['SCRAM-SHA-1-PLUS'], []],
    [['PLUS'], ['PLUS']],
    [
      [
        'ANONYMOUS',
        'PLAIN',
        'SCRAM-SHA-1',
        'SCRAM-SHA-256',
        'SCRAM-SHA-512',
        'OAUTHBEARER',
        'X-OAUTH2',
        'DIGEST-MD5',
      ],
      [
        'ANONYMOUS',
        'PLAIN',
        'SCRAM-SHA-1',
        'SCRAM-SHA-256',
        'SCRAM-SHA-512',
        'OAUTHBEARER',
        'X-OAUTH2',
        'DIGEST-MD5',
      ],
    ],
    [['GS2-KRB5-PLUS', 'SCRAM-SHA-512-PLUS', 'SCRAM-SHA3-512-PLUS'], []],
    [['HT-SHA-256-UNIQ', 'HT-SHA-256-ENDP', 'HT-SHA-256-EXPR', 'HT-SHA-256-NONE'], ['HT-SHA-256-NONE']],
  ])('%j', (offered, expected) => {
    expect(shown(mechanisms(...offered)).match(/(?<=<mechanism>)[^<]+/g) ?? []).toEqual(expected);
  });

  it('EXTERNAL where it is configured', () => {
    expect(shown(mechanisms('EXTERNAL', 'X-PLUS'), true)).toBe(mechanisms('EXTERNAL'));
  });

  it('other children are left as they are', () => {
    const host = `<mechanisms xmlns='${NS.sasl}'><hostname xmlns='urn:xmpp:domain-based-name:1'>a-PLUS</hostname></mechanisms>`;
    expect(shown(host)).toBe(host);
  });
});

describe('offersStartTls', () => {
  it.each([
    [`<starttls xmlns='${NS.tls}'/>`, true],
    ["<starttls xmlns='urn:example:other'/>", false],
    ['', false],
  ])('%s', (inside, expected) => {
    expect(read(inside).offersStartTls).toBe(expected);
  });
});

describe('SASL2 and FAST, where the client uses them itself', () => {
  const list = (tag: string, xmlns: string, names: readonly string[], more = ''): string =>
    `<${tag} xmlns='${xmlns}'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}${more}</${tag}>`;
  const inline = (names: readonly string[]): string =>
    `<inline><sm xmlns='urn:xmpp:sm:3'/>${list('fast', NS.fast, names)}</inline>`;
  const managed = (inside: string, external: boolean) =>
    readFeatures(
      {
        bytes: ascii(`<stream:features>${inside}</stream:features>`),
        name: 'features',
        namespace: NS.stream,
      },
      { external, management: true, bridge: false },
      toolbox,
    );

  it.each([
    [false, ['SCRAM-SHA-1'], ['HT-SHA-256-NONE']],
    [true, ['EXTERNAL', 'SCRAM-SHA-1'], ['HT-SHA-256-NONE']],
  ])('lose what binds to TLS, and EXTERNAL unless it is configured: %j', (external, own, fast) => {
    const offered = ['EXTERNAL', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'];
    const tokens = ['HT-SHA-256-UNIQ', 'HT-SHA-256-ENDP', 'HT-SHA-256-EXPR', 'HT-SHA-256-NONE'];
    const bindings = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/>";
    const all = list('authentication', NS.sasl2, offered, inline(tokens) + bindings);
    const features = managed(all + mechanisms(...offered, 'X-OAUTH2'), external);
    expect(features.shown.bytes).toBe(
      `<stream:features>${list('authentication', NS.sasl2, own, inline(fast))}${mechanisms(...own, 'X-OAUTH2')}</stream:features>`,
    );
    expect(features.mechanisms).toEqual({
      sasl: [...own, 'X-OAUTH2'],
      sasl2: [...own, ...fast],
      hidesBinding: true,
    });
  });

  it.each([
    [['PLAIN'], true],
    [['EXTERNAL'], false],
    [['SCRAM-SHA-1-PLUS'], false],
  ])('of %j alone there is a way to log in: %j', (offered, expected) => {
    const authentication = list('authentication', NS.sasl2, offered);
    expect(managed(authentication, false).offersAnything).toBe(expected);
    expect(read(authentication).offersAnything).toBe(false);
  });
});

describe('mechanisms of other namespaces', () => {
  it.each([
    ["<mechanisms xmlns='urn:example:other'><mechanism>PLAIN</mechanism></mechanisms>"],
    ["<authentication xmlns='urn:example:other'><mechanism>PLAIN</mechanism></authentication>"],
    [''],
  ])('are none: %s', (inside) => {
    expect(read(inside).mechanisms).toEqual({ sasl: [], sasl2: [], hidesBinding: false });
  });
});

describe('a server that has SASL2 alone', () => {
  const sasl2 = (...names: readonly string[]): string =>
    `<authentication xmlns='${NS.sasl2}'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}</authentication>`;

  it.each([
    ['is shown as one with SASL', sasl2('PLAIN', 'SCRAM-SHA-1-PLUS'), true, mechanisms('PLAIN')],
    ['not where boshd does not translate', sasl2('PLAIN'), false, ''],
    ['not beside its own list', sasl2('PLAIN') + mechanisms('X-OAUTH2'), true, mechanisms('X-OAUTH2')],
  ])('%s', (_, inside, bridge, expected) => {
    const bytes = ascii(`<stream:features>${inside}</stream:features>`);
    const payload = { bytes, name: 'features', namespace: NS.stream };
    const features = readFeatures(payload, { external: false, management: false, bridge }, toolbox);
    expect(features.shown.bytes.replace(/<\/?stream:features\/?>/g, '')).toBe(expected);
    const names = expected.match(/(?<=<mechanism>)[^<]+/g) ?? [];
    expect(features.mechanisms).toMatchObject({ sasl: names, sasl2: [] });
  });
});
