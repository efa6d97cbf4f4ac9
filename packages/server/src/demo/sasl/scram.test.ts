import { describe, expect, it } from 'vitest';
import type { Credentials, ScramHash } from './exchange.ts';
import { scramCredential, scramExchange } from './scram.ts';

interface Vector {
  readonly source: string;
  readonly hash: ScramHash;
  readonly salt: string;
  readonly serverNonce: string;
  readonly clientFirst: string;
  readonly serverFirst: string;
  readonly clientFinal: string;
  readonly serverFinal: string;
}

const VECTORS: readonly Vector[] = [
  {
    source: 'RFC 5802 §5',
    hash: 'sha1',
    salt: 'QSXCR+Q6sek8bf92',
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    clientFirst: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    clientFinal: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    source: 'RFC 7677 §3',
    hash: 'sha256',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
];

function credentialsOf(vector: Vector): Credentials {
  const credential = scramCredential('pencil', Buffer.from(vector.salt, 'base64'), 4096, vector.hash);
  return {
    domain: 'demo.localhost',
    checkPassword: () => false,
    scram: (username, hash) => (username === 'user' && hash === vector.hash ? credential : undefined),
  };
}

function begin(vector: Vector) {
  return scramExchange(vector.hash, credentialsOf(vector), vector.serverNonce);
}

describe.each(VECTORS)('SCRAM by $source', (vector) => {
  it('goes through the example of the RFC', () => {
    const exchange = begin(vector);
    expect(exchange.step(undefined)).toEqual({ type: 'challenge', data: Buffer.alloc(0) });
    expect(exchange.step(Buffer.from(vector.clientFirst))).toEqual({
      type: 'challenge',
      data: Buffer.from(vector.serverFirst),
    });
    expect(exchange.step(Buffer.from(vector.clientFinal))).toEqual({
      type: 'success',
      identity: { type: 'account', username: 'user' },
      data: Buffer.from(vector.serverFinal),
    });
  });

  it.each([
    ['a wrong proof', (final: string) => final.replace(/p=../, 'p=AA'), 'not-authorized'],
    ['a proof of another length', (final: string) => final.replace(/p=.*/, 'p=AAAA'), 'not-authorized'],
    ['another nonce', (final: string) => final.replace(/r=../, 'r=zz'), 'not-authorized'],
    ['another gs2 header', (final: string) => final.replace('c=biws', 'c=eSws'), 'not-authorized'],
    ['no proof', (final: string) => final.replace(/,p=.*/, ''), 'malformed-request'],
    ['nothing', () => '', 'malformed-request'],
  ])('refuses %s', (_what, change, failure) => {
    const exchange = begin(vector);
    exchange.step(Buffer.from(vector.clientFirst));
    expect(exchange.step(Buffer.from(change(vector.clientFinal)))).toEqual({ type: 'failure', failure });
  });

  it.each([
    ['an unknown user', 'n,,n=nobody,r=abc', 'not-authorized'],
    ['a mandatory extension', 'n,,m=x,n=user,r=abc', 'malformed-request'],
    ['channel binding, which is not offered', 'p=tls-unique,,n=user,r=abc', 'malformed-request'],
    ['a bad escape in the name', 'n,,n=us=20er,r=abc', 'malformed-request'],
    ['another authorization identity', 'n,a=other@demo.localhost,n=user,r=abc', 'invalid-authzid'],
  ])('refuses %s', (_what, first, failure) => {
    expect(begin(vector).step(Buffer.from(first))).toEqual({ type: 'failure', failure });
  });

  it.each(['y,,n=user,r=abc', 'n,a=user@demo.localhost,n=user,r=abc', 'n,,n=user,r=abc,x=ignored'])(
    'goes on after %s',
    (first) => {
      expect(begin(vector).step(Buffer.from(first)).type).toBe('challenge');
    },
  );
});
