import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../server/src/toolbox.ts';
import { admitDomain, type DomainPolicy } from './domain-policy.ts';

const policy: DomainPolicy = {
  defaultDomain: 'default.example',
  allow: [
    'example.org',
    '*.example.org',
    'default.example',
    'xn--bcher-kva.example',
    'xn--r8jz45g.example',
    '192.0.2.1',
  ],
  deny: ['evil.example.org', '*.evil.example.org', 'xn--r8jz45g.example'],
  gone: ['gone.example', '*.gone.example'],
  routePorts: [],
  overrides: new Map(),
};

const admit = (to: string | undefined, given = policy) => {
  const result = admitDomain(given, to, nodeToolbox());
  return result.ok ? `${result.value.name} ${result.value.ascii}` : result.fault.code;
};

describe('admitDomain', () => {
  it.each([
    ['the domain itself', 'example.org', 'example.org example.org'],
    ['in capitals, with a final dot', 'Example.ORG.', 'example.org example.org'],
    ['a label below', 'chat.example.org', 'chat.example.org chat.example.org'],
    ['two labels below', 'a.b.example.org', 'a.b.example.org a.b.example.org'],
    ['the default for none', undefined, 'default.example default.example'],
    ['the default for an empty one', '', 'default.example default.example'],
    ['U-labels', 'Bücher.example', 'bücher.example xn--bcher-kva.example'],
    ['A-labels', 'xn--bcher-kva.example', 'xn--bcher-kva.example xn--bcher-kva.example'],
    ['full-width letters', 'ｅxample.org', 'ｅxample.org example.org'],
  ])('admits %s', (_, to, expected) => {
    expect(admit(to)).toBe(expected);
  });

  it.each([
    ['no boundary of a label', 'badexample.org'],
    ['not on the list', 'example.net'],
    ['denied', 'evil.example.org'],
    ['below a denied one', 'more.evil.example.org'],
    ['denied, in capitals', 'EVIL.example.org'],
    ['denied in A-labels, written in U-labels', '例え.example'],
    ['denied, in full-width letters', 'ｅvil.example.org'],
    ['an address in another notation', '192.0.2.2'],
  ])('refuses what is %s', (_, to) => {
    expect(admit(to)).toBe('domain-refused');
  });

  it.each([
    ['a port', 'example.org:5222'],
    ['a user', 'juliet@example.org'],
    ['a resource', 'example.org/x'],
    ['a blank', 'example .org'],
    ['an empty label', 'example..org'],
    ['a leading dot', '.example.org'],
    ['markup', "example.org'><x"],
    ['a null byte', 'example.org\0'],
    ['an IPv6 address', '[::1]'],
    ['a label of 64', `${'a'.repeat(64)}.org`],
    ['254 characters', `${'a.'.repeat(126)}aa`],
    ['a label that IDNA forbids', 'xn--a.example.org'],
  ])('takes no domain with %s', (_, to) => {
    expect(admit(to)).toBe('no-domain');
  });

  it.each([
    ['gone', 'gone.example'],
    ['below one that is gone', 'chat.Gone.example'],
  ])('knows what is %s', (_, to) => {
    expect(admit(to)).toBe('domain-gone');
  });

  it('takes none for none where there is no default', () => {
    expect(admit(undefined, { ...policy, defaultDomain: undefined })).toBe('no-domain');
  });
});
