import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NS } from '@boshd/engine/wire';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { stageConfig } from '../scenarios/config.ts';
import { Stage } from '../scenarios/stage.ts';
import { parseTranscript, type Transcript } from '../scenarios/transcript.ts';
import { element } from './documents.ts';
import { hasTwins, renamed } from './meaning.ts';
import { isBeyondSaxes, isWellFormed, readWithSaxes } from './oracle.ts';
import type { Random } from './random.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

/*
 * A scripted server passes on what strangers write: whatever a strict parser takes as XML 1.0, the session lives, everything
 * else arrives once and in order, and h (XEP-0198) ends at the count. Over BOSH, where boshd keeps the stream, and over
 * WebSocket, where the client counts.
 */

/** Small, so that much is beyond them. */
const LIMITS = { depthMax: 6, attributesMax: 8, nameBytesMax: 40, stanzaBytesMax: 1200 } as const;
const SCENARIOS = join(import.meta.dirname, '../scenarios/start');
const STANZAS_MAX = 12;
const SESSIONS_IN_SUITE = 250;

const START = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'>`;

function transcript(name: string): Transcript {
  return parseTranscript(readFileSync(join(SCENARIOS, `${name}.txt`), 'utf8'));
}

/** The transcripts of a log-in, the first one first. */
function logIn(name: string): readonly Transcript[] {
  const last = transcript(name);
  return last.after === undefined ? [last] : [...logIn(last.after), last];
}

const LOG_INS = { bosh: logIn('managed'), websocket: logIn('socket-logged-in') } as const;

type Way = keyof typeof LOG_INS;

/** A session that is logged in, and all that followed since. */
class Played {
  readonly #stage: Stage;
  #lines: string[][] = [];
  #rid = 1006;

  static async start(way: Way): Promise<Played> {
    const limits = Object.entries(LIMITS).map(([key, value]) => [key, String(value)] as const);
    const stage = new Stage(stageConfig(new Map(limits)));
    for (const { steps } of LOG_INS[way]) for (const step of steps) await stage.play(step);
    if (way === 'websocket') {
      await stage.play(step('->', `ws <enable xmlns='${NS.streamManagement}'/>`));
      await stage.play(step('=>', `<enabled xmlns='${NS.streamManagement}'/>`));
    }
    const played = new Played(stage);
    await played.#play(step('!!', 'link 1'));
    return played;
  }

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get #isAnswered(): boolean {
    return this.#lines.some((lines) => lines.some((line) => line.startsWith(`<- ${this.#rid} `)));
  }

  /** What followed since the last time. What is submitted from now on is noted anew. */
  takeLines(): readonly string[] {
    const lines = this.#lines.flat();
    for (const each of this.#lines) each.length = 0;
    this.#lines = this.#lines.slice(-1);
    return lines;
  }

  async #play(next: ReturnType<typeof step>): Promise<void> {
    // What is submitted later is noted in the same list.
    this.#lines.push((await this.#stage.play(next)) as string[]);
  }

  sends(bytes: Uint8Array): void {
    this.#stage.submit({ type: 'link-data', link: 1, bytes });
  }

  /** The client polls, if its request was answered. */
  async poll(): Promise<boolean> {
    if (!this.#isAnswered) return false;
    this.#rid += 1;
    await this.#play(step('->', `${this.#rid} <body rid='${this.#rid}' BOSH/>`));
    return true;
  }
}

function step(mark: '->' | '=>' | '!!', text: string) {
  return { source: [], mark, text, expected: [] };
}

const TYPES = ['', '', " type='chat'", " type='get'", " type='set'", " type='result'", " type='error'"];
const FROMS = ['', " from='romeo@example.net/y'", " from='room@muc.example/n'", " from='juliet@example.org'"];
const TOS = ['', " to='juliet@example.org/x'", " to='juliet@example.org'"];

/** What strangers put into a stanza. */
function content(random: Random): string {
  const most = random.below(12);
  switch (random.below(9)) {
    case 0:
      return '<d>'.repeat(most) + '</d>'.repeat(most);
    case 1:
      return `<a${Array.from({ length: most }, (_, index) => ` b${index}=''`).join('')}/>`;
    case 2:
      return `<a${Array.from({ length: most }, (_, index) => ` xmlns:b${index}='urn:${index}'`).join('')}/>`;
    case 3:
      return `<${'n'.repeat(1 + random.below(60))}/>`;
    case 4:
      return `<body>${'&apos;'.repeat(random.below(250))}</body>`;
    case 5:
      return random.pick([
        '<p:a/>',
        "<a p:b=''/>",
        `<a xmlns:n='${NS.xml}' n:foo='1'/>`,
        '<a:b:c/>',
        '<!-- x -->',
      ]);
    case 6:
      return `<x xmlns='${NS.mucUser}'><status code='110'/></x>`;
    default:
      return element(random, [], 3);
  }
}

function stanza(random: Random, id: string): string {
  const name = random.pick(['message', 'message', 'iq', 'presence']);
  const start = `${name} id='${id}'${random.pick(FROMS)}${random.pick(TOS)}${random.pick(TYPES)}`;
  const inside = Array.from({ length: 1 + random.below(2) }, () => content(random)).join('');
  return `<${start}>${inside}</${name}>`;
}

/**
 * Within the limits, and right by namespaces, it must come as it is, else as its shell. Unknown: prefixes of several elements,
 * which may be in scope together or not; and twins, about which boshd is stricter (see the framer's test).
 */
function fateOf(text: string): 'whole' | 'shell' | 'unknown' {
  const document = `${START}${text}</stream:stream>`;
  const reading = readWithSaxes(Buffer.from(document));
  if (reading === undefined || Buffer.byteLength(text) > LIMITS.stanzaBytesMax) return 'shell';
  let isWithin = true;
  let depth = 0;
  let declared = 0;
  const parser = new SaxesParser({ xmlns: false });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    const names = Object.keys(attributes);
    declared += names.filter((each) => each.startsWith('xmlns:')).length;
    const isLong = [name, ...names].some((each) => Buffer.byteLength(each) > LIMITS.nameBytesMax);
    if (isLong || depth > LIMITS.depthMax || names.length > LIMITS.attributesMax) isWithin = false;
  });
  parser.on('closetag', () => {
    depth -= 1;
  });
  parser.write(text).close();
  if (!isWithin) return 'shell';
  const areTwins = hasTwins(
    renamed(reading.root, (namespace) => (namespace === NS.httpbind ? NS.client : namespace)),
  );
  return areTwins || declared > LIMITS.attributesMax ? 'unknown' : 'whole';
}

const ID = /<(?:message|iq|presence)\b[^>]*? id='(s\d+)'/g;
const idsIn = (text: string): readonly string[] => [...text.matchAll(ID)].map(([, id = '']) => id);

/** A log-in costs more than a thousand stanzas, so `npm run fuzz` plays many rounds in one session. */
const ROUNDS = process.env['FUZZ_MINUTES'] === undefined ? 1 : 200;

async function check(random: Random, way: Way): Promise<number> {
  const played = await Played.start(way);
  let count = 0;
  for (let round = 0; round < ROUNDS; round += 1) count = await checkRound(random, way, played, count);
  return count;
}

/** `before`: stanzas that were sent in earlier rounds. Returns those until now. */
async function checkRound(random: Random, way: Way, played: Played, before: number): Promise<number> {
  const sent: { readonly id: string; readonly text: string }[] = [];
  for (let count = 1 + random.below(STANZAS_MAX); count > 0; count -= 1) {
    const id = `s${before + sent.length}`;
    const text = stanza(random, id);
    const isTaken = isWellFormed(Buffer.from(`${START}${text}</stream:stream>`)) && !isBeyondSaxes(text);
    // An id inside would be taken for that of a stanza.
    if (isTaken && idsIn(text).length === 1) sent.push({ id, text });
  }
  const bytes = Buffer.from(sent.map(({ text }) => text).join(''));
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(random.chance(30) ? 3 : 700);
    played.sends(bytes.subarray(at, end));
    at = end;
    if (way === 'bosh' && random.chance(30)) await played.poll();
  }
  for (let round = 0; way === 'bosh' && round < 20 && (await played.poll()); round += 1);
  played.sends(Buffer.from(`<r xmlns='${NS.streamManagement}'/>`));
  judge(sent, played.takeLines(), way, before + sent.length);
  return before + sent.length;
}

function judge(
  sent: readonly { readonly id: string; readonly text: string }[],
  lines: readonly string[],
  way: Way,
  h: number,
): void {
  const what = sent.map(({ text }) => text).join('\n');
  expect(
    lines.filter((line) => line.includes('session-ended')),
    what,
  ).toEqual([]);
  const got = lines.filter((line) => line.startsWith('<- ')).flatMap(idsIn);
  const refused = new Set(
    lines
      .filter((line) => line.startsWith('<= '))
      .flatMap((line) => [...line.matchAll(/<iq [^>]*type='error'[^>]*? id='(s\d+)'/g)])
      .map(([, id]) => id),
  );
  expect(got, what).toEqual(sent.map(({ id }) => id).filter((id) => !refused.has(id)));
  const skipped = lines.filter((line) => line.startsWith('.. stanza-skipped')).length;
  const fates = sent.map(({ text }) => fateOf(text));
  const shells = fates.filter((fate) => fate === 'shell').length;
  const unknown = fates.filter((fate) => fate === 'unknown').length;
  expect(skipped, what).toBeGreaterThanOrEqual(shells);
  expect(skipped, what).toBeLessThanOrEqual(shells + unknown);
  if (way === 'bosh') expect(lines.at(-1), what).toBe(`<= <a xmlns='${NS.streamManagement}' h='${1 + h}'/>`);
  else
    expect(
      lines.filter((line) => line.startsWith('<= ')),
      what,
    ).toEqual([]);
}

test.each<Way>(['bosh', 'websocket'])(
  'what a stranger sends ends no session: %s',
  {
    timeout: FUZZ_TIMEOUT_MS,
  },
  async (way) => {
    let stanzas = 0;
    const count = async (random: Random): Promise<void> => {
      stanzas += await check(random, way);
    };
    await forSeeds(`strangers over ${way}`, count, SESSIONS_IN_SUITE);
    console.log(`strangers over ${way}: ${stanzas} stanzas`);
    expect(stanzas).toBeGreaterThan(SESSIONS_IN_SUITE);
  },
);
