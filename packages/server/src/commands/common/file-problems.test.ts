import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestCa, type TestCa } from '../../../../../tests/support/test-ca.ts';
import { loadConfig } from '../../config/index.ts';
import { databaseProblems, fileProblems } from './file-problems.ts';

let directory = '';
let authority: TestCa;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-files-'));
  authority = await createTestCa();
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await authority.remove();
});

function problemsOf(text: string, now = new Date()): readonly string[] {
  const file = join(directory, 'boshd.yaml');
  writeFileSync(file, text);
  const config = loadConfig({ file });
  if (!config.ok) throw new Error(config.fault.map(({ what }) => what).join('\n'));
  return fileProblems(config.value, now);
}

function written(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

const tls = (certFile: string, keyFile: string) => `tls: { certFile: ${certFile}, keyFile: ${keyFile} }\n`;

test('a pair, its dates, and which file is wrong', async () => {
  const own = await authority.issue({ dnsNames: ['chat.example.org'] });
  const other = await authority.issue({ dnsNames: ['other.example.org'] });
  const old = await authority.issue({ dnsNames: ['old.example.org'], flaw: 'expired' });
  const junk = written('junk.pem', 'junk');
  expect(problemsOf(tls(own.certFile, own.keyFile))).toEqual([]);
  expect(problemsOf(tls(own.certFile, other.keyFile))).toEqual([
    `tls.keyFile names ${other.keyFile}, which is not the key of the first certificate in ${own.certFile}; name the pair`,
  ]);
  expect(problemsOf(tls(old.certFile, old.keyFile))).toEqual([
    expect.stringMatching(/^tls\.certFile names .* has expired on .*; renew it$/),
  ]);
  expect(problemsOf(tls(own.certFile, own.keyFile), new Date('2001-01-01'))).toEqual([
    expect.stringMatching(/^tls\.certFile names .* is valid from .*; look at the clock$/),
  ]);
  expect(problemsOf(tls(junk, own.keyFile))).toEqual([
    `tls.certFile names ${junk}, which has no certificate in PEM; name one`,
  ]);
  expect(problemsOf(tls(own.certFile, junk))).toEqual([
    `tls.keyFile names ${junk}, which has no private key in PEM without a passphrase; name one`,
  ]);
  expect(problemsOf(`upstream: { caFile: ${junk} }\n`)).toEqual([
    `upstream.caFile names ${junk}, which has no certificate in PEM; name one`,
  ]);
  expect(problemsOf(`upstream: { overrides: { a.example: { caFile: ${junk} } } }\n`)).toEqual([
    `upstream.overrides[a.example].caFile names ${junk}, which has no certificate in PEM; name one`,
  ]);
});

test('dates do not count where only what can be used is asked', async () => {
  const old = await authority.issue({ dnsNames: ['old.example.org'], flaw: 'expired' });
  const config = loadConfig({ file: written('old.yaml', tls(old.certFile, old.keyFile)) });
  expect(config.ok && fileProblems(config.value, undefined)).toEqual([]);
});

test('a database that is none', async () => {
  const junk = written('junk.mmdb', 'junk');
  const config = loadConfig({ file: written('geo.yaml', `geo: { databaseFile: ${junk} }\n`) });
  expect(config.ok && (await databaseProblems(config.value))).toEqual([
    `geo.databaseFile names ${junk}: is not a database of MaxMind's format (.mmdb)`,
  ]);
  const none = loadConfig({ file: written('none.yaml', '{}') });
  expect(none.ok && (await databaseProblems(none.value))).toEqual([]);
});

test('the keys of a cluster', () => {
  const good = written('good.keys', `${'k'.repeat(32)}\n`);
  const short = written('short.keys', 'too-short\n');
  expect(problemsOf(`cluster: { keysFile: ${good} }\n`)).toEqual([]);
  expect(problemsOf(`cluster: { keysFile: ${short} }\n`)).toEqual([
    `cluster.keysFile names ${short}, which must have one key a line, each of 32 characters at least`,
  ]);
});
