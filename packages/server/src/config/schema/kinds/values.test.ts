import { describe, expect, test } from 'vitest';
import {
  formatDuration,
  formatHostPort,
  formatSize,
  parseDnsServer,
  parseDomain,
  parseDomainPattern,
  parseDuration,
  parseHostPort,
  parseNetwork,
  parseOrigin,
  parseSize,
} from './values.ts';

type Row = readonly [input: string | number, expected: unknown];

/** The value, or the words on what is wrong. */
function outcome(result: { ok: true; value: unknown } | { ok: false; fault: string }): unknown {
  return result.ok ? result.value : result.fault;
}

describe('durations', () => {
  test.each<Row>([
    ['55s', 55_000],
    ['5ms', 5],
    ['2m', 120_000],
    ['1.5h', 5_400_000],
    ['0.5s', 500],
    [55, 55_000],
    ['55', 55_000],
    ['0', 0],
    ['-1s', 'is not a duration'],
    ['5 s', 'is not a duration'],
    ['5sec', 'is not a duration'],
    ['1e3', 'is not a duration'],
    ['', 'is not a duration'],
  ])('%s is %s', (input, expected) => {
    expect(outcome(parseDuration(input, 's'))).toBe(expected);
  });

  test('a bare number is of the unit that the key names', () => {
    expect(outcome(parseDuration(5, 'ms'))).toBe(5);
  });

  test.each(['0s', '5ms', '1500ms', '55s', '90s', '150s', '300s', '10m', '3601s', '10h'])(
    '%s stays itself',
    (text) => {
      const duration = parseDuration(text, 's');
      expect(duration.ok && formatDuration(duration.value)).toBe(text);
    },
  );
});

describe('sizes', () => {
  test.each<Row>([
    ['1MiB', 1_048_576],
    ['256KiB', 262_144],
    ['1.5KiB', 1536],
    ['10000', 10_000],
    [10_000, 10_000],
    ['7B', 7],
    ['1MB', 'is not a size'],
    ['1 MiB', 'is not a size'],
    ['mib', 'is not a size'],
  ])('%s is %s', (input, expected) => {
    expect(outcome(parseSize(input))).toBe(expected);
  });

  test.each(['0B', '512B', '1KiB', '1025B', '64KiB', '1MiB', '2GiB'])('%s stays itself', (text) => {
    const size = parseSize(text);
    expect(size.ok && formatSize(size.value)).toBe(text);
  });
});

describe('addresses to listen on', () => {
  test.each([
    ['127.0.0.1:5280', { host: '127.0.0.1', port: 5280 }],
    ['[::1]:5280', { host: '::1', port: 5280 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['5280', 'is not an address with a port'],
    [':5280', 'is not an address with a port'],
    ['::1:5280', 'is not an address with a port'],
    ['127.0.0.1', 'is not an address with a port'],
    ['[127.0.0.1]:1', 'has something else than an IPv6 address in brackets'],
    ['127.0.0.1:65536', 'has a port beyond 65535'],
    ['a b:1', 'has a host that is neither an IP address nor a name'],
    ['300.0.0.1:1', 'has a host that is neither an IP address nor a name'],
  ])('%s', (input, expected) => {
    const result = parseHostPort(input);
    expect(outcome(result)).toEqual(expected);
    if (result.ok) expect(formatHostPort(result.value)).toBe(input);
  });
});

describe('networks', () => {
  test.each<Row>([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['127.0.0.1', '127.0.0.1/32'],
    ['fd00::/8', 'fd00::/8'],
    ['::1', '::1/128'],
    ['10.0.0.0/33', 'has a prefix length that is not one of 0 to 32'],
    ['10.0.0.0/', 'has a prefix length that is not one of 0 to 32'],
    ['10.0.0.0/8/8', 'is not an IP address or network'],
    ['10.0.0/8', 'is not an IP address or network'],
    ['example.org', 'is not an IP address or network'],
  ])('%s', (input, expected) => {
    expect(outcome(parseNetwork(String(input)))).toBe(expected);
  });
});

describe('DNS servers', () => {
  test.each<Row>([
    ['9.9.9.9', '9.9.9.9'],
    ['127.0.0.1:5353', '127.0.0.1:5353'],
    ['2620:fe::fe', '2620:fe::fe'],
    ['[::1]:5353', '[::1]:5353'],
    ['dns.example:53', 'is not an IP address, with or without a port'],
    ['127.0.0.1:0', 'is not an IP address, with or without a port'],
  ])('%s', (input, expected) => {
    expect(outcome(parseDnsServer(String(input)))).toBe(expected);
  });
});

describe('origins', () => {
  test.each<Row>([
    ['https://chat.example.org', 'https://chat.example.org'],
    ['https://chat.example.org/', 'https://chat.example.org'],
    ['HTTPS://Chat.Example.org:443', 'https://chat.example.org'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['https://a.example/chat', 'has more than scheme, host and port (its origin is https://a.example)'],
    ['chat.example.org', 'is not an origin'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['Ionic://localhost/', 'ionic://localhost'],
    ['app://.', 'app://.'],
    ['tauri://localhost', 'tauri://localhost'],
    ['electron://my-app', 'electron://my-app'],
    ['app://localhost:3000', 'app://localhost:3000'],
    ['file://', 'file://'],
    ['file:///', 'file://'],
    [
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    ],
    [
      'moz-extension://1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed',
      'moz-extension://1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed',
    ],
    ['safari-web-extension://1B9D6BCD-BBFD', 'safari-web-extension://1B9D6BCD-BBFD'],
    ['file:///home', 'has more than scheme, host and port (its origin is file://)'],
    [
      'capacitor://localhost/index.html',
      'has more than scheme, host and port (its origin is capacitor://localhost)',
    ],
    ['capacitor://', 'is not an origin'],
    ['capacitor:localhost', 'is not an origin'],
    ['://localhost', 'is not an origin'],
    ['app://user@localhost', 'has more than scheme, host and port (its origin is app://user)'],
    [
      'null',
      'is the origin of files and sandboxed frames, which any page of the web can have; insecureNullOrigin: true lets them all in',
    ],
  ])('%s', (input, expected) => {
    expect(outcome(parseOrigin(String(input)))).toBe(expected);
  });
});

describe('domains', () => {
  test.each<Row>([
    ['example.org', 'example.org'],
    ['EXAMPLE.org', 'example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['demo.localhost', 'demo.localhost'],
    ['localhost', 'localhost'],
    ['a..b', 'is not a domain'],
    ['-a.example', 'is not a domain'],
    ['user@example.org', 'is not a domain'],
    ['192.0.2.1', 'is not a domain'],
    ['', 'is not a domain'],
  ])('%s', (input, expected) => {
    expect(outcome(parseDomain(String(input)))).toBe(expected);
  });

  test.each<Row>([
    ['*', '*'],
    ['*.Example.org', '*.example.org'],
    ['example.org', 'example.org'],
    ['*.*.org', 'is not a domain or a pattern of domains'],
    ['*example.org', 'is not a domain or a pattern of domains'],
    ['example.*', 'is not a domain or a pattern of domains'],
  ])('pattern %s', (input, expected) => {
    expect(outcome(parseDomainPattern(String(input)))).toBe(expected);
  });
});
