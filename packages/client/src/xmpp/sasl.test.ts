import { afterEach, describe, expect, it, vi } from 'vitest';
import { textOf, utf8 } from './bytes.ts';
import { type Credentials, chooseMechanism } from './sasl.ts';
import { scram } from './scram.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const PASSWORD: Credentials = { type: 'password', user: 'juliet', password: 'secret' };
const TOKEN: Credentials = { type: 'token', jid: 'a=b,c@example.org', token: 'abc' };
const GUEST: Credentials = { type: 'anonymous' };
const ALL = ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'ANONYMOUS', 'OAUTHBEARER', 'DIGEST-MD5'];

describe('the mechanism', () => {
  it.each<[string, readonly string[], Credentials, boolean, string]>([
    ['the strongest', ALL, PASSWORD, true, 'SCRAM-SHA-256'],
    ['what there is', ['PLAIN', 'SCRAM-SHA-1'], PASSWORD, true, 'SCRAM-SHA-1'],
    ['in plain text where nobody reads along', ['PLAIN'], PASSWORD, true, 'PLAIN'],
    ['not in plain text elsewhere', ALL, PASSWORD, false, 'SCRAM-SHA-256'],
    ['for a token', ALL, TOKEN, true, 'OAUTHBEARER'],
    ['for a guest', ALL, GUEST, false, 'ANONYMOUS'],
  ])('is %s', (_what, offered, credentials, isSecure, name) => {
    expect(chooseMechanism(offered, credentials, isSecure).name).toBe(name);
  });

  it.each<[string, readonly string[], Credentials, boolean, string]>([
    ['a password in plain text on an open way', ['PLAIN'], PASSWORD, false, 'insecure-page'],
    ['a token on an open way', ALL, TOKEN, false, 'no-mechanism'],
    ['a guest who is not wanted', ['PLAIN'], GUEST, true, 'no-mechanism'],
    ['nothing', [], PASSWORD, true, 'no-mechanism'],
  ])('is refused for %s', (_what, offered, credentials, isSecure, code) => {
    expect(() => chooseMechanism(offered, credentials, isSecure)).toThrow(expect.objectContaining({ code }));
  });

  it('a page without cryptography says why it cannot use SCRAM', () => {
    vi.stubGlobal('crypto', {});
    expect(() => chooseMechanism(['SCRAM-SHA-1', 'PLAIN'], PASSWORD, false)).toThrow(
      expect.objectContaining({ code: 'insecure-page' }),
    );
  });

  it.each<[Credentials, string]>([
    [GUEST, ''],
    [TOKEN, 'n,a=a=3Db=2Cc@example.org,\u0001auth=Bearer abc\u0001\u0001'],
  ])('says at once what RFC 4505 and RFC 7628 want', (credentials, expected) => {
    expect(textOf(chooseMechanism(ALL, credentials, true).start())).toBe(expected);
  });

  it('PLAIN is name and password (RFC 4616)', () => {
    expect(textOf(chooseMechanism(['PLAIN'], PASSWORD, true).start())).toBe('\u0000juliet\u0000secret');
  });
});

/** A server of SCRAM's words, with the nonce of the client in them. */
function first(start: Uint8Array, rest: string): Uint8Array {
  const nonce = /r=(.*)$/.exec(textOf(start))?.[1] ?? '';
  return utf8(rest.replace('NONCE', nonce));
}

describe('SCRAM', () => {
  it('quotes a name (RFC 5802 §5.1)', () => {
    expect(textOf(scram('SHA-1', 'a=b,c', 'x').start())).toMatch(/^n,,n=a=3Db=2Cc,r=[0-9a-f]{32}$/);
  });

  it.each([
    ['a nonce of its own', 'r=other,s=c2FsdA==,i=4096'],
    ['the nonce without more', 'r=NONCE,s=c2FsdA==,i=4096'],
    ['no salt', 'r=NONCEx,i=4096'],
    ['no iterations', 'r=NONCEx,s=c2FsdA=='],
    ['more iterations than a page can do', 'r=NONCEx,s=c2FsdA==,i=999999999'],
  ])('refuses a server with %s', async (_what, challenge) => {
    const mechanism = scram('SHA-256', 'juliet', 'secret');
    await expect(mechanism.answer(first(mechanism.start(), challenge))).rejects.toMatchObject({
      code: 'server-not-proven',
    });
  });

  it.each(['v=AAAA', '', 'e=other-error'])('refuses a server that proves itself by %s', async (proof) => {
    const mechanism = scram('SHA-1', 'juliet', 'secret');
    await mechanism.answer(first(mechanism.start(), 'r=NONCEx,s=c2FsdA==,i=1'));
    expect(() => mechanism.finish(utf8(proof))).toThrow(
      expect.objectContaining({ code: 'server-not-proven' }),
    );
  });

  it('refuses a success that came before the proof', () => {
    expect(() => scram('SHA-1', 'juliet', 'secret').finish(utf8('v=AAAA'))).toThrow(
      expect.objectContaining({ code: 'server-not-proven' }),
    );
  });
});
