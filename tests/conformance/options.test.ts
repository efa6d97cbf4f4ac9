import { expect, test } from 'vitest';
import { ALL_CASES } from './cases/index.ts';
import { readOptions } from './options.ts';

const NEEDED = ['--url', 'http://127.0.0.1:5280/http-bind', '--xmpp', 'example.org'];

test('what is needed is enough: guests, all cases', () => {
  expect(readOptions([...NEEDED, '--anonymous'])).toMatchObject({
    endpoint: {
      url: new URL('http://127.0.0.1:5280/http-bind'),
      domain: 'example.org',
      account: { user: undefined },
      patienceMs: 12_000,
    },
    cases: ALL_CASES,
    accepted: [],
    atOnce: 6,
    json: false,
  });
});

test('a user, some cases, known faults', () => {
  const some = ['--only', 'rids.', '--only', 'keys', '--accept', 'keys.case', '--json', '--at-once', '2'];
  expect(readOptions([...NEEDED, '--user', 'juliet', '--password', 'x', ...some])).toMatchObject({
    endpoint: { account: { user: 'juliet', password: 'x' } },
    cases: ALL_CASES.filter(({ id }) => /^(?:rids|keys)\./.test(id)),
    accepted: ['keys.case'],
    atOnce: 2,
    json: true,
  });
});

test('help', () => {
  expect(readOptions(['--help'])).toBeUndefined();
});

test.each<[args: readonly string[], wrong: RegExp]>([
  [['--url', 'http://a/'], /--url and --xmpp/],
  [['--url', 'a', '--xmpp', 'b'], /--url a is no HTTP URL/],
  [['--url', 'ftp://a/', '--xmpp', 'b'], /is no HTTP URL/],
  [[...NEEDED, '--user', 'juliet'], /--user and --password/],
  [[...NEEDED, '--user', 'juliet', '--password', 'x', '--anonymous'], /exclude/],
  [[...NEEDED, '--patience', 'long'], /--patience long/],
  [[...NEEDED, '--at-once', '0'], /--at-once/],
  [[...NEEDED, '--only', 'nothing'], /--only nothing/],
  [[...NEEDED, '--accept', 'rids'], /--accept rids/],
  [[...NEEDED, '--colour'], /--colour/],
  [[...NEEDED, 'more'], /more/],
])('%j is refused', (args, wrong) => {
  expect(readOptions(args)).toMatchObject({ wrong: expect.stringMatching(wrong) });
});
