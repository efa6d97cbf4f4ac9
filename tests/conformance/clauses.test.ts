import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { BOSHD_EXCEPTIONS } from './boshd.ts';
import { ALL_CASES } from './cases/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = ['docs/xep-0124.md', 'docs/xep-0206.md'];
const LEVELS = ['MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY', ''];
const COLUMNS = 6;

/** What the first part of a path stands for. */
const PLACES: Readonly<Record<string, string>> = {
  engine: 'packages/engine/src',
  server: 'packages/server/src',
  scenarios: 'tests/scenarios',
  interop: 'tests/interop',
  browser: 'tests/browser',
  conformance: 'tests/conformance',
  simulation: 'tests/simulation',
};

interface Row {
  readonly place: string;
  readonly id: string;
  readonly level: string;
  readonly files: readonly string[];
  readonly tests: readonly string[];
  readonly deviation: string;
}

const rows = PAGES.flatMap((page) => rowsOf(page, readFileSync(`${ROOT}${page}`, 'utf8')));

function rowsOf(page: string, text: string): readonly Row[] {
  return text.split('\n').flatMap((line, index) => {
    if (!/^\| [\d.]+-/.test(line)) return [];
    const cells = line.split('|').slice(1, -1);
    if (cells.length !== COLUMNS) throw new Error(`${page}:${index + 1}: ${cells.length} cells`);
    const [id = '', level = '', , files = '', tests = '', deviation = ''] = cells.map((cell) => cell.trim());
    return [
      { place: `${page}:${index + 1}`, id, level, files: spans(files), tests: spans(tests), deviation },
    ];
  });
}

function spans(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

function pathOf(short: string): string {
  const [place = '', ...rest] = short.split('/');
  return [PLACES[place] ?? place, ...rest].join('/');
}

function isThere(path: string): boolean {
  return existsSync(`${ROOT}${path}`);
}

/** Undefined: the test is there and runs. A transcript runs because it is there, a case because boshd must pass it. */
function faultOfTest(test: string, row: Row): string | undefined {
  const [word = '', id = ''] = test.split(' ');
  if (word === 'case') return faultOfCase(id, row);
  const [short = '', ...name] = test.split(': ');
  const path = pathOf(short);
  if (!isThere(path)) return 'no such file';
  if (path.endsWith('.txt')) return path.startsWith('tests/scenarios/') ? undefined : 'no transcript';
  if (!path.endsWith('.test.ts') || name.length === 0) return 'no test';
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  const quoted = ["'", '"', '`'].some((quote) => text.includes(`(${quote}${name.join(': ')}${quote},`));
  return quoted ? undefined : 'no test of that name';
}

/** A case that boshd does not pass, on purpose, is good only in a row that tells of it. */
function faultOfCase(id: string, row: Row): string | undefined {
  if (!ALL_CASES.some((each) => each.id === id)) return 'no such case';
  const isOff = BOSHD_EXCEPTIONS[id]?.outcome === 'not-offered';
  return id in BOSHD_EXCEPTIONS && !isOff && row.deviation === '' ? 'boshd does not pass it' : undefined;
}

/** Transcripts and browser tests that a deviation names, by their path without the ending. */
function faultOfMention(mention: string): string | undefined {
  if (mention.startsWith('case ')) {
    return mention.slice(5) in BOSHD_EXCEPTIONS ? undefined : 'boshd passes it';
  }
  if (!/^[a-z]+\/[\w.-]+$/.test(mention)) return undefined;
  const isNamed = isThere(`tests/scenarios/${mention}.txt`) || isThere(`tests/${mention}.test.ts`);
  return isNamed ? undefined : 'no such transcript';
}

describe.each(PAGES)('%s', (page) => {
  const ours = rows.filter(({ place }) => place.startsWith(page));

  test('has rows, each with an id of its own, a level, a file and a test', () => {
    expect(ours.length).toBeGreaterThan(30);
    expect(new Set(ours.map(({ id }) => id)).size).toBe(ours.length);
    const poor = ours.filter(
      ({ level, files, tests }) => !LEVELS.includes(level) || files.length === 0 || tests.length === 0,
    );
    expect(poor.map(({ place }) => place)).toEqual([]);
  });

  test('names files that exist', () => {
    const missing = ours.flatMap(({ place, files }) =>
      files.filter((file) => !isThere(pathOf(file))).map((file) => `${place}: ${file}`),
    );
    expect(missing).toEqual([]);
  });

  test('names tests that run', () => {
    const faults = ours.flatMap((row) =>
      row.tests.flatMap((each) => {
        const fault = faultOfTest(each, row);
        return fault === undefined ? [] : [`${row.place}: ${each}: ${fault}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('names transcripts that show its deviations', () => {
    const faults = ours.flatMap(({ place, deviation }) =>
      spans(deviation).flatMap((each) => {
        const fault = faultOfMention(each);
        return fault === undefined ? [] : [`${place}: ${each}: ${fault}`];
      }),
    );
    expect(faults).toEqual([]);
  });
});

test('every case that boshd fails on purpose is a deviation of one of the pages', () => {
  const failed = Object.entries(BOSHD_EXCEPTIONS).filter(([, { outcome }]) => outcome === 'fail');
  const told = rows.flatMap(({ deviation }) => spans(deviation));
  expect(failed.map(([id]) => `case ${id}`).filter((each) => !told.includes(each))).toEqual([]);
});

test('every case of a clause of the XEPs stands in one of the pages', () => {
  const cited = new Set(rows.flatMap(({ tests, deviation }) => [...tests, ...spans(deviation)]));
  const ofXeps = ALL_CASES.filter(
    ({ clause, level }) => /^XEP-0(?:124|206)\b/.test(clause) && level !== 'need',
  );
  expect(ofXeps.map(({ id }) => `case ${id}`).filter((each) => !cited.has(each))).toEqual([]);
});

describe('the check itself', () => {
  const row: Row = { place: '', id: '', level: '', files: [], tests: [], deviation: '' };

  test.each([
    ['scenarios/rids/beyond-window.txt', undefined],
    ['scenarios/rids/nothing.txt', 'no such file'],
    ['case rids.beyond-window', undefined],
    ['case rids.nothing', 'no such case'],
    ['case terms.content-html', 'boshd does not pass it'],
    ['engine/wire/body/body-decoder.test.ts: faults', undefined],
    ['engine/wire/body/body-decoder.test.ts: nothing', 'no test of that name'],
    ['engine/wire/body/body-decoder.test.ts', 'no test'],
    ['engine/wire/body/body-decoder.ts: faults', 'no test'],
  ])('%s: %s', (each, fault) => {
    expect(faultOfTest(each, row)).toBe(fault);
  });
});
