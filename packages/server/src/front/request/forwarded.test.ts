import { expect, test } from 'vitest';
import { clientOf, TrustedProxies } from './client.ts';
import { readForwarded } from './forwarded.ts';
import { type HeaderRecord, type Peer, RecordHeaders, type RequestHead } from './head.ts';

function headOf(record: HeaderRecord, peer: Peer): RequestHead {
  const headers = new RecordHeaders(record);
  return { method: 'POST', target: '/', minorVersion: 1, headers, lineCount: 2, hostCount: 1, peer };
}

test.each<[string | undefined, readonly string[] | undefined, (string | undefined)?, string?]>([
  [undefined, []],
  ['', []],
  ['for=192.0.2.60', ['192.0.2.60']],
  ['For="[2001:db8:cafe::17]:4711"', ['[2001:db8:cafe::17]:4711']],
  ['for=192.0.2.60;proto=HTTPS;by=203.0.113.43;host=a.example', ['192.0.2.60'], 'https', 'a.example'],
  [
    'for=192.0.2.43, for=198.51.100.17;host="b.example:81"',
    ['192.0.2.43', '198.51.100.17'],
    undefined,
    'b.example:81',
  ],
  ['proto=http , for=unknown ; proto=https', ['', 'unknown'], 'https'],
  ['for="a\\"b,for=1.2.3.4"', ['a"b,for=1.2.3.4']],
  ['for="1.2.3.4', undefined],
  ['for=1.2.3.4 for=5.6.7.8', undefined],
  ['=1.2.3.4', undefined],
  ['for=[::1]', undefined],
])('Forwarded: %s', (header, addresses, proto, host) => {
  const said = readForwarded(new RecordHeaders({ forwarded: header }));
  expect(said?.addresses).toEqual(addresses);
  expect([said?.proto, said?.host]).toEqual([proto, host]);
});

test('only the header that the proxies write is read', () => {
  const headers = {
    host: 'up.example',
    forwarded: 'for=192.0.2.60;host=f.example',
    'x-forwarded-for': '192.0.2.70',
    'x-forwarded-host': 'x.example',
  };
  const peer = { address: '10.0.0.1', secure: false, trusted: true };
  const head = headOf(headers, peer);
  const behind = (header: 'forwarded' | 'x-forwarded-for') =>
    clientOf(head, new TrustedProxies(['10.0.0.0/8'], header));
  expect(behind('forwarded')).toMatchObject({ address: '192.0.2.60', host: 'f.example' });
  expect(behind('x-forwarded-for')).toMatchObject({ address: '192.0.2.70', host: 'x.example' });
});

test('a header that a client broke on purpose does not make it the proxy', () => {
  const peer = { address: '10.0.0.1', secure: false, trusted: true };
  const headers = { host: 'up.example', forwarded: 'for="1.2.3.4, for=192.0.2.60' };
  const head = headOf(headers, peer);
  expect(clientOf(head, new TrustedProxies(['10.0.0.0/8'], 'forwarded')).address).toBe('unknown');
});
