import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pageText } from './pages.ts';

/*
 * docs/security.md promises nothing that no test shows. In its tables the last column names the tests. Here stands what shows each
 * sentence outside of them, and each row of a table without such a column: a file, and words that it has (the title of a test, mostly).
 */

const ROOT = join(import.meta.dirname, '../..');

type Shown = readonly (readonly [file: string, words: string])[];

/** Says what the page is about, gives advice, or says what boshd does not do. */
const NO_PROMISE: Shown = [];

const ADDRESSES = 'engine/src/site/address-policy.test.ts';
const DIAL = 'server/src/upstream/connect/dial.test.ts';
const TLS = 'server/src/upstream/tls/tls.test.ts';
const NAMES = 'server/src/upstream/tls/certificate-names.test.ts';
const PREBIND = 'tests/client/prebind.test.ts';
const SENDERS = 'tests/cluster/trust.test.ts';
const FORBIDDEN: Shown = [['tests/policy/forbidden.test.ts', 'makes boshd dial what is forbidden']];
const HOSTILE: Shown = [['tests/hostile/xmpp-servers.test.ts', 'leave nothing behind']];

/** By the first words of the sentence. */
const SENTENCES: Readonly<Record<string, Shown>> = {
  'What boshd defends,': NO_PROMISE,
  'Anybody on the Internet': NO_PROMISE,
  'What must not happen:': NO_PROMISE,
  '(`front/` and others': NO_PROMISE,
  'What boshd can not see:': [['tests/interop/sites.test.ts', 'origin']],
  'Script syntax has no protection': [
    ['server/src/config/load.test.ts', 'are local, same-origin and without exceptions'],
  ],
  "Whoever has a site's secret": [['server/src/front/site/site-table.test.ts', 'its own proxy by secret']],
  '`npm run slow-clients` lets': [['tests/hostile/long.mjs', '2000']],
  'CPU is that of boshd': [['tests/hostile/slow-clients.ts', 'cpu']],
  'Figures of one run,': NO_PROMISE,
  'The suite does the same': [['tests/hostile/slow-clients.test.ts', '200']],
  '`POST /prebind` has boshd': [[PREBIND, 'give a session that is logged in']],
  'Whoever may order': [
    [PREBIND, 'are taken on the public listener from those who have the secret'],
    ['server/src/admin/listener.test.ts', 'orders are refused on an address that other machines may reach'],
  ],
  'Log-ins are counted': [
    [PREBIND, 'are counted by account'],
    ['server/src/prebind/attempts.test.ts', 'so many log-ins of one account'],
  ],
  'The password is in': [[PREBIND, 'the password is in no log']],
  '`sid` and `rid` stand': [
    ['tests/scenarios/claims/second-page.txt', ''],
    ['tests/scenarios/claims/cookie.txt', 'cookie'],
    [PREBIND, 'HttpOnly'],
  ],
  'Sessions that nobody claims': [
    ['tests/scenarios/claims/unclaimed.txt', 'unclaimed'],
    ['engine/src/manager/admission/admission.test.ts', "['', undefined]"],
  ],
  'Where a rule can': NO_PROMISE,
  'A web page decides': NO_PROMISE,
  'Both may be hostile,': NO_PROMISE,
  'Applied to every address': [
    ...FORBIDDEN,
    [DIAL, 'judges the address that was really reached'],
    ['tests/scenarios/dialling/redirect-to-nowhere.txt', ''],
  ],
  'A name is never': [[DIAL, 'a DNS that answers otherwise each time never gets through (rebinding)']],
  'Refused are all blocks': [
    [ADDRESSES, '168.63.129.16'],
    [ADDRESSES, '224.0.0.1'],
  ],
  'Link-local addresses, and': [[ADDRESSES, '169.254.169.254']],
  'Forms that carry': NO_PROMISE,
  'Also refused: the addresses': [
    [DIAL, 'refuses addresses of this machine, though they are public'],
    [ADDRESSES, 'denied wins over allowed'],
  ],
  '`upstream.allowNetworks` opens an': [[ADDRESSES, 'allowed wins over own']],
  'What an override names': [['server/src/upstream/link.test.ts', 'an operator may name any host']],
  'SRV records, routes': [
    ['engine/src/site/port-policy.test.ts', 'is refused'],
    [DIAL, 'forbids ports'],
  ],
  'An override may name': [['server/src/upstream/discovery/targets.test.ts', 'an override with direct TLS']],
  '`domains.allow` and `domains.deny`': [['engine/src/site/domain-policy.test.ts', 'refuses what is']],
  'Required, by STARTTLS': [
    [TLS, '%s, by direct TLS'],
    [TLS, '%s, by STARTTLS'],
    [NAMES, 'DNS:*.org'],
    [NAMES, 'SRVName:_xmpp-client'],
    [NAMES, 'XmppAddr'],
    [NAMES, 'IP Address'],
  ],
  'The common name counts': [
    [NAMES, 'refuses with the code and both names'],
    ['tests/interop/route.test.ts', 'does not tell whose certificate it must be'],
  ],
  'What came in plain': [[TLS, 'plain text after the go-ahead never passes for text under TLS']],
  'A session is resumed': [
    [TLS, 'the session is resumed at the next link, and only where it was verified'],
    [TLS, "by the authority of the domain's own override only"],
    ['server/src/upstream/kit/recent.test.ts', 'forgets after its time, counted from the last set'],
  ],
  'Exceptions are made': [
    ['server/src/config/load.test.ts', 'are local, same-origin and without exceptions'],
  ],
  '`insecureSkipVerify`, `insecure-optional`,': [[TLS, 'any is taken where the operator says so']],
  'boshd sees what it': NO_PROMISE,
  'Who runs it can': NO_PROMISE,
  'Mechanisms with channel binding': [['tests/scenarios/login/not-shown.txt', 'PLUS']],
  "A client cannot tell boshd's": NO_PROMISE,
  '`-PLUS`, EXTERNAL and': [['engine/src/stream/features/features.test.ts', 'EXTERNAL']],
  'Clients with XEP-0474 were': NO_PROMISE,
  'Where such clients are': NO_PROMISE,
  'What is lost is': NO_PROMISE,
  'Every byte goes through': HOSTILE,
  'What it declares once': [['tests/hostile/memory.test.ts', 'a root that declares 7,800 bytes']],
  'Until the stream is': [[DIAL, 'a server that never answers, within the limit of the dial'], ...HOSTILE],
  'A redirect (see-other-host) is': [
    ['tests/scenarios/dialling/redirect-before-tls.txt', ''],
    ['tests/scenarios/dialling/redirect-for-ever.txt', ''],
  ],
  '`proxyProtocol` in an': [
    ['tests/interop/proxy-protocol.test.ts', 'the server in front of Prosody sees the browser'],
  ],
  'The server, or the': NO_PROMISE,
  'Shown by `tests/policy`': [...FORBIDDEN, ...HOSTILE],
  'What members send each': [
    ['server/src/mesh/seal.test.ts', 'is refused at another destination'],
    ['server/src/mesh/seal.test.ts', 'is refused the second time'],
  ],
  'Somebody who can write': [[SENDERS, 'who can write to NATS and has no key ends nothing']],
  'The seal is no': [[SENDERS, 'who can read from NATS reads what users write']],
  'Whoever has the key': NO_PROMISE,
  'So give NATS credentials': [['server/src/config/load.test.ts', 'nats://nats.example.net:4222']],
  'Addresses, domains, reasons': NO_PROMISE,
  'Never a body, a': [
    ['server/src/observe/observe.test.ts', 'hold the event'],
    [PREBIND, 'the password is in no log'],
  ],
};

/** Of the tables whose last column is not `Shown by`, by their first cell. */
const ROWS: Readonly<Record<string, Shown>> = {
  'heads that never end': [['tests/hostile/slow-clients.test.ts', 'heads that never end']],
  'bodies that never end': [['tests/hostile/slow-clients.test.ts', 'bodies that never end']],
  'connections on which nothing comes': [['tests/hostile/slow-clients.test.ts', 'nothing comes']],
  'to reach the inside': FORBIDDEN,
  'to talk to a service': [
    ['engine/src/site/port-policy.test.ts', 'is refused'],
    [DIAL, 'forbids ports'],
  ],
  'to read or change': [[TLS, 'a server that speaks at most %s, where at least %s is wanted']],
  "to be another domain's": [
    [TLS, 'the certificate is checked in every version'],
    ['tests/interop/route.test.ts', 'does not tell whose certificate it must be'],
  ],
  'to have boshd attack': [
    [DIAL, 'no more than sixteen addresses are tried in a round'],
    [DIAL, 'what failed is forgotten in time'],
    ['engine/src/manager/start.test.ts', 'expect(dials).toBe(12)'],
  ],
  'to hold its memory': HOSTILE,
  'to learn which hosts': [...HOSTILE, ['tests/interop/refusals.test.ts', 'remote-connection-failed']],
  '`::ffff:a.b.c.d` (mapped), `64:ff9b::a.b.c.d`': [
    [ADDRESSES, '::ffff:10.0.0.1'],
    [ADDRESSES, '64:ff9b::8.8.8.8'],
  ],
  '`::a.b.c.d`, `::ffff:0:a.b.c.d`, `64:ff9b:1::/48`,': [
    [ADDRESSES, '::8.8.8.8'],
    [ADDRESSES, '2002:'],
    [ADDRESSES, '64:ff9b:1:'],
  ],
  'NAT64 with a': [[ADDRESSES, 'an allowed network behind NAT64']],
  'the server closed or': [['server/src/upstream/link.test.ts', 'a reset is a link lost, told once']],
  'its machine or': [['server/src/upstream/keep-alive.test.ts', 'a link is probed before long']],
  'a NAT or firewall': [['tests/scenarios/server/keepalive.txt', 'white space']],
  'it takes nothing': [
    ['server/src/upstream/link.test.ts', 'a server that takes nothing any more is dead after a while'],
    ['server/src/upstream/link.test.ts', 'more than the limit ends the link'],
  ],
  'it is gone while': [['tests/scenarios/management/silent-server.txt', 'link']],
};

/** Where a path of the page is. */
function fileOf(path: string): string {
  const bare = path.replace(/\/$/, '');
  if (/^(?:tests|packages|docs)\b/.test(bare)) return join(ROOT, bare);
  if (/^(?:engine|server|client)\//.test(bare)) return join(ROOT, 'packages', bare);
  return join(ROOT, 'packages/server/src', bare);
}

/** Sentences outside of tables and headings. */
function sentencesOf(text: string): readonly string[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    if (/^[#|]/.test(paragraph)) return [];
    const items = paragraph.startsWith('- ') ? paragraph.slice(2).split(/\n- /) : [paragraph];
    return items.flatMap((item) =>
      item
        .replace(/\s+/g, ' ')
        .trim()
        .split(/(?<=[.:])\s+(?=[A-Z`])/),
    );
  });
}

interface Row {
  readonly cells: readonly string[];
  readonly isShown: boolean;
}

function rowsOf(text: string): readonly Row[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const [head = '', , ...rows] = paragraph.split('\n');
    if (!head.startsWith('|')) return [];
    const cellsOf = (row: string) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim());
    const isShown = cellsOf(head).at(-1) === 'Shown by';
    return rows.map((row) => ({ cells: cellsOf(row), isShown }));
  });
}

/** What is wrong with the table above: nothing shows this, or what is to show it does not exist. */
function faultsOf(what: readonly string[], shown: Readonly<Record<string, Shown>>): readonly string[] {
  const starts = Object.keys(shown);
  const unknown = what.filter((each) => !starts.some((start) => each.startsWith(start)));
  const gone = starts.filter((start) => !what.some((each) => each.startsWith(start)));
  const missing = Object.values(shown)
    .flat()
    .filter(
      ([file, words]) => !existsSync(fileOf(file)) || !readFileSync(fileOf(file), 'utf8').includes(words),
    )
    .map((each) => each.join(': '));
  return [
    ...unknown.map((each) => `not here: ${each}`),
    ...gone.map((each) => `not in the page: ${each}`),
    ...missing,
  ];
}

test('every sentence has what shows it', async () => {
  expect(faultsOf(sentencesOf(await pageText('docs/security.md')), SENTENCES)).toEqual([]);
});

test('every row of a table has what shows it', async () => {
  const rows = rowsOf(await pageText('docs/security.md'));
  const others = rows.flatMap(({ cells, isShown }) => (isShown ? [] : [cells[0] ?? '']));
  expect(faultsOf(others, ROWS)).toEqual([]);
  for (const { cells, isShown } of rows) {
    const paths = isShown
      ? [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? '')
      : [];
    expect([cells[0], isShown && paths.length === 0]).toEqual([cells[0], false]);
    for (const path of paths) {
      expect([path, existsSync(fileOf(path))]).toEqual([path, true]);
      expect([path, statSync(fileOf(path)).isDirectory() || /\.(?:test\.ts|txt)$/.test(path)]).toEqual([
        path,
        true,
      ]);
    }
  }
});
