import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdmissionLimits, DEFAULT_ADMISSION_LIMITS } from '@boshd/engine/manager';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '@boshd/engine/session';
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from '@boshd/engine/stream';
import { CLIENT_XML_LIMITS, SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, type ConfigSources, effectiveText, formatProblem, loadConfig } from './index.ts';
import { SETTABLE_KEYS } from './keys.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function good(sources: ConfigSources): Config {
  const result = loadConfig(sources);
  if (!result.ok) throw new Error(result.fault.map(formatProblem).join('\n'));
  return result.value;
}

/** The problems in words, the directory of the file left out. */
function problems(sources: ConfigSources): string[] {
  const result = loadConfig(sources);
  return result.ok ? [] : result.fault.map((each) => formatProblem(each).replaceAll(`${directory}/`, ''));
}

const ofText = (text: string) => problems({ file: write('boshd.yaml', text) });

describe('defaults', () => {
  test('are those of the engine', () => {
    const { session, stream, limits, showExternal, compression } = good({});
    const ofEngine: SessionLimits = { ...session, takesCompressed: compression.requests };
    expect(ofEngine).toEqual(DEFAULT_SESSION_LIMITS);
    const ofStreams: StreamLimits = stream;
    expect(ofStreams).toEqual(DEFAULT_STREAM_LIMITS);
    const ofAdmission: AdmissionLimits = limits;
    expect(ofAdmission).toMatchObject(DEFAULT_ADMISSION_LIMITS);
    expect(showExternal).toBe(false);
    expect(limits).toMatchObject({
      ...CLIENT_XML_LIMITS,
      serverStanzaBytesMax: SERVER_XML_LIMITS.stanzaBytesMax,
      serverDepthMax: SERVER_XML_LIMITS.depthMax,
      serverAttributesMax: SERVER_XML_LIMITS.attributesMax,
      serverNameBytesMax: SERVER_XML_LIMITS.nameBytesMax,
    });
  });

  test('are local, same-origin and without exceptions', () => {
    expect(good({})).toMatchObject({
      listen: [
        { host: '127.0.0.1', port: 5280 },
        { host: '::1', port: 5280 },
      ],
      origins: [],
      credentials: false,
      trustedProxies: [],
      domains: { allow: ['*'], deny: [] },
      upstream: { dial: 10_000, allowNetworks: [], overrides: new Map() },
    });
  });

  test.each([
    ['an empty file', ''],
    ['only comments', '# nothing\n'],
    ['groups without keys', 'session:\nlimits:\n  # depthMax: 5\n'],
  ])('come from %s', (_title, text) => {
    expect(good({ file: write('empty.yaml', text) })).toEqual(good({}));
  });
});

describe('precedence', () => {
  const file = () => write('precedence.yaml', 'session: { waitMax: 20s }\norigins: [https://file.example]\n');
  const environment = {
    BOSHD_SESSION_WAIT_MAX: '30s',
    BOSHD_ORIGINS: 'https://env.example,https://b.example',
  };
  const flags = new Map([
    ['session-wait-max', ['40s']],
    ['origins', ['https://flag.example', 'https://c.example']],
  ]);

  test.each<[string, () => ConfigSources, number, string[]]>([
    ['default', () => ({}), 55_000, []],
    ['file', () => ({ file: file() }), 20_000, ['https://file.example']],
    [
      'environment over file',
      () => ({ file: file(), environment }),
      30_000,
      ['https://env.example', 'https://b.example'],
    ],
    [
      'flag over environment and file',
      () => ({ file: file(), environment, flags }),
      40_000,
      ['https://flag.example', 'https://c.example'],
    ],
    ['an empty variable is not set', () => ({ environment: { BOSHD_SESSION_WAIT_MAX: '' } }), 55_000, []],
  ])('%s', (_title, sources, waitMax, origins) => {
    const config = good(sources());
    expect([config.session.waitMax, config.origins]).toEqual([waitMax, origins]);
  });

  test('a variable changes its key only, not its group', () => {
    const both = good({ file: file(), environment: { BOSHD_SESSION_POLLING: '9' } });
    expect(both.session).toMatchObject({ waitMax: 20_000, polling: 9000 });
  });
});

describe('every form of a value', () => {
  test.each<[string, string, (config: Config) => unknown, unknown]>([
    ['BOSHD_ORIGINS', '*', (config) => config.origins, '*'],
    ['BOSHD_LISTEN', '0.0.0.0:80, [::]:80', (config) => config.listen.length, 2],
    ['BOSHD_CREDENTIALS', 'false', (config) => config.credentials, false],
    ['BOSHD_SESSION_HOLD_MAX', '2', (config) => config.session.holdMax, 2],
    ['BOSHD_LIMITS_BODY_BYTES_MAX', '2MiB', (config) => config.limits.bodyBytesMax, 2_097_152],
    ['BOSHD_EXTRA_HEADERS', '{"X-Shard": "a"}', (config) => config.extraHeaders, { 'X-Shard': 'a' }],
    ['BOSHD_TRUSTED_PROXIES', '10.0.0.1', (config) => config.trustedProxies, ['10.0.0.1/32']],
    ['BOSHD_DOMAINS_DEFAULT', 'Example.org', (config) => config.domains.default, 'example.org'],
    [
      'BOSHD_UPSTREAM_OVERRIDES',
      'constructor: { host: 127.0.0.1, tls: insecure-none }',
      (config) => [...config.upstream.overrides],
      [['constructor', { host: '127.0.0.1', port: 5222, tls: 'insecure-none', insecureSkipVerify: false }]],
    ],
  ])('%s=%s', (name, text, read, expected) => {
    expect(read(good({ environment: { [name]: text } }))).toEqual(expected);
  });

  test('JSON is read too, tabs and all', () => {
    const file = write('boshd.json', '{\n\t"session": {\n\t\t"waitMax": 30\n\t}\n}\n');
    expect(good({ file }).session.waitMax).toBe(30_000);
  });

  test("the names of files in a file start at the file's directory", () => {
    write('ca.pem', 'not read here');
    const file = write('files.yaml', 'upstream: { overrides: { example.org: { caFile: ca.pem } } }');
    expect(good({ file }).upstream.overrides.get('example.org')?.caFile).toBe(join(directory, 'ca.pem'));
  });
});

describe('what is wrong in a file', () => {
  const waitForm = 'write a duration from 1s to 600s, such as 55s (a bare number is seconds)';
  test.each<[string, string, string[]]>([
    [
      'an unknown key in a group',
      'session:\n  wiat: 50s\n',
      ['boshd.yaml:2:3: session.wiat is an unknown key; did you mean session.waitMax?'],
    ],
    [
      'a key that stands in another group',
      'inactivity: 60s\n',
      ['boshd.yaml:1:1: inactivity is an unknown key; did you mean session.inactivity?'],
    ],
    [
      'an unknown key in a map',
      'upstream:\n  overrides:\n    a.example: {prot: 1}\n',
      [
        'boshd.yaml:3:17: upstream.overrides[a.example].prot is an unknown key; did you mean upstream.overrides[a.example].port?',
      ],
    ],
    [
      'a key that is like none',
      'tls:\n  zzzzzz: 1\n',
      ['boshd.yaml:2:3: tls.zzzzzz is an unknown key; the keys here are certFile, keyFile, clientCaFile'],
    ],
    [
      'a duration without sense',
      'session: {waitMax: soon}',
      [`boshd.yaml:1:20: session.waitMax "soon" is not of the right form; ${waitForm}`],
    ],
    [
      'a duration out of range',
      'session: {waitMax: 700}',
      [`boshd.yaml:1:20: session.waitMax 700 is not between 1s and 600s; ${waitForm}`],
    ],
    [
      'a key without a value',
      'session:\n  waitMax:\n',
      [`boshd.yaml:2:11: session.waitMax has no value; ${waitForm}`],
    ],
    [
      'a number out of range',
      'session: {holdMax: 0}',
      ['boshd.yaml:1:20: session.holdMax 0 is out of range; write a whole number of requests from 1 to 8'],
    ],
    [
      'an item of a list',
      'trustedProxies:\n  - 10.0.0.0/8\n  - example.org\n',
      [
        'boshd.yaml:3:5: trustedProxies[1] "example.org" is not an IP address or network; write a list of IP addresses or networks, such as 127.0.0.1 or 10.0.0.0/8; unix for whoever may use a Unix socket of listen',
      ],
    ],
    [
      'a name in a map',
      'extraHeaders:\n  Content-Length: 5\n',
      [
        'boshd.yaml:2:3: extraHeaders.Content-Length is a header that boshd sets itself; write a header name and its value in printable ASCII',
      ],
    ],
    [
      'a port of a route that is not for XMPP',
      'domains:\n  routePorts: [5222, 6379]\n',
      [
        'boshd.yaml:2:22: domains.routePorts[1] 6379 is not a port for XMPP (Redis); write a list of ports, such as [5222]',
      ],
    ],
    [
      'another URI that a client can not post to',
      'seeOther: {uri: "xmpp:example.org"}\n',
      [
        'boshd.yaml:1:17: seeOther.uri "xmpp:example.org" is neither https nor http; write an absolute URI, such as https://bosh.example.org/http-bind',
      ],
    ],
    [
      'a time of being sent there without anywhere to be sent to',
      'seeOther: {when: http}\n',
      ['boshd.yaml:1:18: seeOther.when is set, though seeOther.uri says nowhere to go; set seeOther.uri too'],
    ],
    [
      'a scalar where a group should be',
      'session: 5\n',
      ['boshd.yaml:1:10: session 5 is not of the right form; write its keys, indented below it'],
    ],
    [
      'a file that is not there',
      'tls: {certFile: no.pem, keyFile: no.pem}',
      [
        'boshd.yaml:1:17: tls.certFile names no.pem, which cannot be read; check the path and its permissions',
        'boshd.yaml:1:34: tls.keyFile names no.pem, which cannot be read; check the path and its permissions',
      ],
    ],
    [
      'two keys that contradict each other',
      "origins: '*'\ncredentials: true\n",
      [
        "boshd.yaml:2:14: credentials is true, though origins is '*': any page could act with the cookies of any visitor; list the origins, or set credentials to false",
      ],
    ],
    [
      'the origin of every sandboxed frame',
      '{"origins": ["null"]}',
      [
        'boshd.yaml:1:14: origins[0] "null" is the origin of files and sandboxed frames, which any page of the web can have; insecureNullOrigin: true lets them all in; write * (all), or a list of origins such as https://www.example.org, https://*.example.org (all below it), or capacitor://localhost (an app)',
      ],
    ],
    [
      'a key twice',
      'paths: [/a]\npaths: [/b]\n',
      ['boshd.yaml:2:1: is not YAML or JSON: Map keys must be unique; correct it there'],
    ],
    ['a list at the top', '- a\n', ['boshd.yaml:1:1: has no keys at its top; write keys, such as listen:']],
    [
      'aliases that multiply themselves',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]\n`,
      ['boshd.yaml: uses too many aliases; write the values out'],
    ],
  ])('%s', (_title, text, expected) => {
    expect(ofText(text)).toEqual(expected);
  });

  test('all of it is told at once', () => {
    expect(ofText('listen: [x]\nlog: {level: loud}\nnope_nope: 1\n')).toHaveLength(3);
  });

  test('the value of a header is not shown: it may be a secret', () => {
    expect(ofText('extraHeaders: {X-Key: "geheim\\u00e4"}').join()).not.toContain('geheim');
  });

  test.each([
    [
      'a file that does not exist',
      'none.yaml',
      'none.yaml: does not exist; check the path and its permissions',
    ],
    ['a directory', '.', ': is a directory; name a file'],
  ])('%s', (_title, name, expected) => {
    const [problem] = problems({ file: join(directory, name) });
    expect(problem).toMatch(new RegExp(`${expected.replaceAll('.', '\\.')}$`));
  });

  test('a file too large to be a configuration', () => {
    const file = write('large.yaml', `#${'x'.repeat(5 * 1024 * 1024)}`);
    expect(problems({ file })).toEqual(['large.yaml: is larger than 4 MiB; name a configuration file']);
  });
});

describe('what is wrong in the environment or a flag', () => {
  test.each<[string, ConfigSources, string]>([
    [
      'an unknown variable',
      { environment: { BOSHD_LISTN: 'x' } },
      'BOSHD_LISTN: is an unknown variable; did you mean BOSHD_LISTEN?',
    ],
    [
      'a wrong value in a variable',
      { environment: { BOSHD_CREDENTIALS: 'maybe' } },
      'BOSHD_CREDENTIALS: credentials "maybe" is not of the right form; write true or false',
    ],
    [
      'a wrong value of a flag',
      { flags: new Map([['log-level', ['loud']]]) },
      '--log-level: log.level "loud" is not of the right form; write one of error, warn, info, debug, silent',
    ],
    [
      'a map that is not one',
      { environment: { BOSHD_EXTRA_HEADERS: '{a' } },
      'BOSHD_EXTRA_HEADERS:1:3: is not YAML or JSON',
    ],
  ])('%s', (_title, sources, expected) => {
    expect(problems(sources)).toEqual([expect.stringContaining(expected)]);
  });

  test('variables of others are left alone, and those of a Kubernetes service named boshd', () => {
    const environment = {
      PATH: '/bin',
      BOSHD_CONFIG: 'elsewhere.yaml',
      BOSHD_SERVICE_HOST: '10.0.0.1',
      BOSHD_SERVICE_PORT_HTTP: '5280',
      BOSHD_PORT: 'tcp://10.0.0.1:5280',
      BOSHD_PORT_5280_TCP_ADDR: '10.0.0.1',
    };
    expect(good({ environment })).toEqual(good({}));
  });
});

describe('names', () => {
  test('no two keys have the same variable or flag', () => {
    expect(new Set(SETTABLE_KEYS.map(({ env }) => env)).size).toBe(SETTABLE_KEYS.length);
    expect(new Set(SETTABLE_KEYS.map(({ flag }) => flag)).size).toBe(SETTABLE_KEYS.length);
  });

  test('every default is what its key says', () => {
    for (const { env, facts } of SETTABLE_KEYS) {
      if (facts.preset === undefined || facts.kind === 'map') continue;
      const text = Array.isArray(facts.preset) ? facts.preset.join(',') : String(facts.preset);
      expect([env, good({ environment: { [env]: text } })]).toEqual([env, good({})]);
    }
  });
});

describe('what contradicts itself', () => {
  test.each<[text: string, problem: RegExp | undefined]>([
    [
      'domains: { default: a.example, allow: [b.example] }\n',
      /domains\.default is a domain that domains\.allow/,
    ],
    ['domains: { default: a.example, allow: [a.example] }\n', undefined],
    ['domains: { default: a.b.example, allow: ["*.b.example"] }\n', undefined],
    ['domains: { default: a.example, deny: ["a.example"] }\n', /domains\.default is a domain/],
    [
      'domains: { allow: [a.example], deny: [a.example] }\n',
      /domains\.deny has an entry that domains\.allow has too/,
    ],
    ['domains: { allow: ["*"], deny: [a.example] }\n', undefined],
    ['listen: ["127.0.0.1:5280", "127.0.0.1:5280"]\n', /listen has an address twice/],
    ['listen: ["127.0.0.1:5280"]\nadmin: { listen: ["127.0.0.1:5280"] }\n', /listen has an address twice/],
    ['listen: ["127.0.0.1:0", "127.0.0.1:0"]\n', undefined],
    [
      'nats: { servers: ["nats://nats.example.net:4222"] }\n',
      /nats\.servers names another machine without TLS, or without credentials/,
    ],
    [
      'nats: { servers: ["tls://nats.example.net:4222"] }\n',
      /nats\.servers names another machine without TLS, or without credentials/,
    ],
    ['limits: { sessionsMax: 30000 }\n', /limits\.sessionsMax is more than http\.connectionsMax/],
    ['limits: { sessionsMax: 30000 }\nhttp: { connectionsMax: 30000 }\n', undefined],
    [
      'sites: { a: { hosts: [x.example] }, b: { hosts: [x.example] } }\n',
      /sites\.b\.hosts are those of a site before/,
    ],
    [
      'sites: { a: { hosts: [x.example] }, b: { hosts: [x.example], origins: ["https://b.example"] } }\n',
      undefined,
    ],
    ['sites: { a: { hosts: [x.example] }, b: { hosts: [x.example], paths: [/b] } }\n', undefined],
  ])('%j', (text, problem) => {
    const config = loadConfig({ file: write('contradiction.yaml', text) });
    const told = config.ok ? '' : config.fault.map(formatProblem).join('\n');
    if (problem === undefined) expect(told).toBe('');
    else expect(told).toMatch(problem);
  });
});

describe('files that are no YAML of one document in UTF-8', () => {
  test.each<[what: string, bytes: Buffer, problem: RegExp]>([
    ['two documents', Buffer.from('log: {}\n---\nlog: {}\n'), /:2:1: begins a second YAML document/],
    [
      'an alias of nothing',
      Buffer.from('domains: { allow: [*.example.org] }\n'),
      /alias \*\.example\.org.*quote/,
    ],
    ['UTF-16', Buffer.from('\ufefflog: {}\n', 'utf16le'), /is in UTF-16; save it as UTF-8/],
    ['UTF-16 without a mark', Buffer.from('log: {}\n', 'utf16le'), /has zero bytes.*UTF-8/],
    ['Latin-1', Buffer.from('# gr\u00fc\u00dfe\n', 'latin1'), /is not in UTF-8/],
  ])('%s', (_what, bytes, problem) => {
    const file = write('odd.yaml', '');
    writeFileSync(file, bytes);
    const config = loadConfig({ file });
    expect(config.ok ? '' : config.fault.map(formatProblem).join('\n')).toMatch(problem);
  });

  test('a mark in front of UTF-8 is no part of the text', () => {
    expect(loadConfig({ file: write('mark.yaml', '\ufefflisten: ["127.0.0.1:0"]\n') }).ok).toBe(true);
  });
});

test('origins of apps are known', () => {
  const { origins } = good({ file: write('capacitor.json', '{ "origins": ["capacitor://localhost"] }') });
  expect(origins).toEqual(['capacitor://localhost']);
});

test('the effective configuration, loaded again, is the same', () => {
  write('cert.pem', '');
  const config = good({
    file: write(
      'full.yaml',
      'listen: ["[::1]:0"]\ntls: {certFile: cert.pem, keyFile: cert.pem}\norigins: ["*"]\nextraHeaders: {X-A: "1"}\nupstream: {overrides: {example.org: {tls: direct}}}\nsession: {gather: 0, polling: 1500ms}\ndomains: {routePorts: [5222]}\nseeOther: {uri: https://example.org/x, when: http}\n',
    ),
  });
  expect(good({ file: write('effective.yaml', effectiveText(config, 'shown')) })).toEqual(config);
});
