import { describe, expect, test } from 'vitest';
import { checkCertificate, isCoveredBy } from './certificate-names.ts';

describe('isCoveredBy', () => {
  test.each([
    ['DNS:example.org', 'example.org'],
    ['DNS:EXAMPLE.org', 'example.ORG'],
    ['DNS:other.example, DNS:example.org', 'example.org'],
    ['DNS:*.example.org', 'chat.example.org'],
    ['DNS:xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['othername:XmppAddr:example.org', 'example.org'],
    ['othername:XmppAddr:b\u00fccher.example', 'xn--bcher-kva.example'],
    ['othername:SRVName:_xmpp-client.example.org', 'example.org'],
    ['othername:<unsupported>, DNS:example.org', 'example.org'],
    ['DirName:"CN = a\\u002c b", DNS:example.org', 'example.org'],
    ['IP Address:192.0.2.1', '192.0.2.1'],
    ['IP Address:2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['URI:xmpp:a, email:a@b, DNS:example.org', 'example.org'],
  ])('%s covers %s', (names, domain) => {
    expect(isCoveredBy(names, domain)).toBe(true);
  });

  test.each([
    ['', 'example.org'],
    ['DNS:', 'example.org'],
    ['DNS:example.com', 'example.org'],
    ['DNS:example.org', 'chat.example.org'],
    ['DNS:chat.example.org', 'example.org'],
    ['DNS:*.example.org', 'example.org'],
    ['DNS:*.example.org', 'a.chat.example.org'],
    ['DNS:*.org', 'example.org'],
    ['DNS:*', 'example'],
    ['DNS:*.*.org', 'chat.example.org'],
    ['DNS:ch*.example.org', 'chat.example.org'],
    ['DNS:chat.*.org', 'chat.example.org'],
    ['DNS:192.0.2.1', '192.0.2.1'],
    ['IP Address:192.0.2.1', '192.0.2.2'],
    ['IP Address:192.0.2.1', 'example.org'],
    ['othername:XmppAddr:user@example.org', 'example.org'],
    ['othername:XmppAddr:*.example.org', 'chat.example.org'],
    ['othername:SRVName:_xmpp-server.example.org', 'example.org'],
    ['othername:<unsupported>', 'example.org'],
    ['email:example.org, URI:example.org', 'example.org'],
    // One name that reads like two must not count as two (CVE-2021-44532).
    ['DNS:"evil.example, DNS:example.org"', 'example.org'],
    ['DNS:"evil.example\\u002c DNS:example.org"', 'example.org'],
    ['URI:"http://a/, DNS:example.org', 'example.org'],
    ['DNS:"broken\\q", DNS:example.org', 'example.org'],
  ])('%s does not cover %s', (names, domain) => {
    expect(isCoveredBy(names, domain)).toBe(false);
  });
});

describe('checkCertificate', () => {
  test('accepts in silence', () => {
    expect(checkCertificate('example.org', { subjectaltname: 'DNS:example.org' })).toBeUndefined();
  });

  test.each([undefined, 'DNS:other.example'])('refuses with the code and both names: %s', (names) => {
    const error = checkCertificate('example.org', names === undefined ? {} : { subjectaltname: names });
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(error?.message).toContain('example.org');
    expect(error?.message).toContain(names ?? 'no subjectAltName');
  });
});
