import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../server/src/toolbox.ts';
import { admitRoute } from './route-policy.ts';

const LABEL = 'a'.repeat(63);

const admit = (route: string | undefined, ports: readonly number[] = [5222, 9999]): string => {
  const target = admitRoute(ports, route, nodeToolbox());
  return target === undefined ? 'ignored' : `${target.host} ${target.port}`;
};

describe('a route that is followed (XEP-0124 §7.1)', () => {
  it.each([
    ['a host', 'xmpp:xmpp.example.org:5222', 'xmpp.example.org 5222'],
    ['the other port', 'xmpp:xmpp.example.org:9999', 'xmpp.example.org 9999'],
    ['capitals', 'XMPP:Xmpp.Example.ORG:5222', 'xmpp.example.org 5222'],
    ['U-labels', 'xmpp:bücher.example:5222', 'xn--bcher-kva.example 5222'],
    ['an IPv4 address', 'xmpp:192.0.2.5:5222', '192.0.2.5 5222'],
    // It is judged as the address that it is, when it is dialled.
    ['a short form of one', 'xmpp:127.1:5222', '127.0.0.1 5222'],
    ['an IPv6 address', 'xmpp:[2001:DB8::5]:5222', '2001:db8::5 5222'],
    ['a mapped address', 'xmpp:[::ffff:127.0.0.1]:5222', '::ffff:127.0.0.1 5222'],
    ['a name of the machine, whose addresses are judged', 'xmpp:localhost:5222', 'localhost 5222'],
    ['a label as long as may be', `xmpp:${LABEL}.example:5222`, `${LABEL}.example 5222`],
  ])('%s', (_, route, expected) => {
    expect(admit(route)).toBe(expected);
  });
});

describe('a route that is ignored', () => {
  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['another port', 'xmpp:xmpp.example.org:5223'],
    ['no port', 'xmpp:xmpp.example.org'],
    ['an empty port', 'xmpp:xmpp.example.org:'],
    ['a port with a leading zero', 'xmpp:xmpp.example.org:05222'],
    ['a port in other digits', 'xmpp:xmpp.example.org:٥٢٢٢'],
    ['a port with something behind it', 'xmpp:xmpp.example.org:5222/'],
    ['a port with a line behind it', 'xmpp:xmpp.example.org:5222\n'],
    ['another protocol', 'http:xmpp.example.org:5222'],
    ['no protocol', 'xmpp.example.org:5222'],
    ['a URI', 'xmpp://xmpp.example.org:5222'],
    ['a user', 'xmpp:juliet@example.org:5222'],
    ['a path', 'xmpp:example.org/x:5222'],
    ['an escape', 'xmpp:example%2eorg:5222'],
    ['a blank', 'xmpp: example.org:5222'],
    ['no host', 'xmpp::5222'],
    ['empty brackets', 'xmpp:[]:5222'],
    ['an IPv4 address in brackets', 'xmpp:[192.0.2.5]:5222'],
    ['an IPv6 address without brackets', 'xmpp:2001:db8::5:5222'],
    ['an IPv6 address with a zone', 'xmpp:[fe80::1%eth0]:5222'],
    ['a name in brackets', 'xmpp:[example.org]:5222'],
    ['a label too long', `xmpp:a${LABEL}.example:5222`],
    ['a name too long', `xmpp:${`${LABEL}.`.repeat(4)}example:5222`],
  ])('%s', (_, route) => {
    expect(admit(route)).toBe('ignored');
  });

  it.each([
    ['where no port is listed', []],
    ['where another port is listed', [5223]],
  ])('%s', (_, ports) => {
    expect(admit('xmpp:xmpp.example.org:5222', ports)).toBe('ignored');
  });

  it.each([25, 6379, 5280])('port %i, though it is listed', (port) => {
    expect(admit(`xmpp:xmpp.example.org:${port}`, [port])).toBe('ignored');
  });
});
