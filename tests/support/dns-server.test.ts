import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DnsServer, startDnsServer } from './dns-server.ts';

let server: DnsServer;
let resolver: Resolver;

beforeAll(async () => {
  server = await startDnsServer();
  resolver = new Resolver({ timeout: 300, tries: 1 });
  resolver.setServers([server.address]);
});
afterAll(() => server.close());

test('answers each record type that it knows, through an alias too', async () => {
  server.set('one.example', [
    { type: 'A', address: '192.0.2.1' },
    { type: 'AAAA', address: '2001:db8::1' },
    { type: 'AAAA', address: '::ffff:10.0.0.1' },
  ]);
  server.set('alias.example', [{ type: 'CNAME', target: 'one.example' }]);
  server.set('_xmpp-client._tcp.one.example', [
    { type: 'SRV', priority: 1, weight: 2, port: 5222, target: 'xmpp.example' },
    { type: 'SRV', priority: 3, weight: 4, port: 443, target: '.' },
  ]);
  expect(await resolver.resolve4('one.example')).toEqual(['192.0.2.1']);
  expect(await resolver.resolve4('alias.example')).toEqual(['192.0.2.1']);
  expect(await resolver.resolve6('one.example')).toEqual(['2001:db8::1', '::ffff:10.0.0.1']);
  expect(await resolver.resolveSrv('_xmpp-client._tcp.one.example')).toEqual([
    { priority: 1, weight: 2, port: 5222, name: 'xmpp.example' },
    { priority: 3, weight: 4, port: 443, name: '' },
  ]);
});

test('more records than fit in a datagram come by TCP', async () => {
  const records = Array.from({ length: 200 }, (_, index) => ({
    type: 'A' as const,
    address: `192.0.2.${index}`,
  }));
  server.set('many.example', records);
  expect((await resolver.resolve4('many.example')).length).toBe(records.length);
});

test.each([
  ['a name that is not in the table', undefined, 'ENOTFOUND'],
  ['a name without such records', [], 'ENODATA'],
  ['SERVFAIL', 'SERVFAIL', 'ESERVFAIL'],
  ['REFUSED', 'REFUSED', 'EREFUSED'],
  ['silence', 'silent', 'ETIMEOUT'],
] as const)('%s', async (_title, entry, code) => {
  if (entry === undefined) server.unset('bad.example');
  else server.set('bad.example', entry);
  await expect(resolver.resolve4('bad.example')).rejects.toMatchObject({ code });
});

test('the table can change, and what was asked is known', async () => {
  server.set('moving.example', [{ type: 'A', address: '192.0.2.1' }]);
  expect(await resolver.resolve4('moving.example')).toEqual(['192.0.2.1']);
  server.set('moving.example', [{ type: 'A', address: '192.0.2.2' }]);
  expect(await resolver.resolve4('moving.example')).toEqual(['192.0.2.2']);
  expect(server.asked.filter((line) => line === 'A moving.example').length).toBe(2);
});
