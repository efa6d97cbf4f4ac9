import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const NAMES = ['listen', 'waitMax', 'holdMax', 'tls', 'log', 'origins', 'sessionsPerAddressMax'];

test.each([
  ['wiat', 'waitMax'],
  ['wait', 'waitMax'],
  ['WAITMAX', 'waitMax'],
  ['waitMaxMs', 'waitMax'],
  ['lisen', 'listen'],
  ['listen', 'listen'],
  ['tsl', 'tls'],
  ['origin', 'origins'],
  ['sessionPerAdressMax', 'sessionsPerAddressMax'],
  ['zzz', undefined],
  ['', undefined],
  ['something else', undefined],
])('%s means %s', (word, meant) => {
  expect(nearest(word, NAMES)).toBe(meant);
});

test('a word of any length is answered at once', () => {
  expect(nearest('x'.repeat(1_000_000), NAMES)).toBeUndefined();
});
