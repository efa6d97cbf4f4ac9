import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageConfig } from './config.ts';
import type { Door } from './door.ts';
import { elided, usualCreation } from './elide.ts';
import { HttpDoor } from './http-door.ts';
import { Stage } from './stage.ts';
import { parseTranscript, renderTranscript, type Step, type Transcript } from './transcript.ts';

const HERE = import.meta.dirname;
/** Set: the files are rewritten with what really followed. Read the diff before committing it. */
const UPDATES = process.env['UPDATE_SCENARIOS'] === '1';

const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.txt'),
);
const folders = [...new Set(files.map((name) => name.slice(0, name.indexOf('/'))))].sort();

const filesOf = (folder: string): readonly string[] =>
  files.filter((name) => name.startsWith(`${folder}/`)).sort();

describe.each(folders)('%s', (folder) => {
  it.each(filesOf(folder))('%s', async (name) => {
    const file = join(HERE, name);
    const text = readFileSync(file, 'utf8');
    const played = await play(parseTranscript(text));
    if (UPDATES) writeFileSync(file, played);
    else expect(played).toBe(text);
  });
});

/**
 * Needs what two sockets of one machine can not be made to do, or several sites, which one front does not have, or
 * replies in another form, or a session that is made for a page, which no HTTP request of a client asks for.
 */
const NOT_OVER_HTTP =
  /^!! (?:lost|taken) |^-> \S+ .*\bsite:|^-> \S+ script |^!! socket|^## after socket|^-> \S+ .*\bfor-page|^## after for-page/m;

const overHttp = (folder: string): readonly string[] =>
  filesOf(folder).filter((name) => !NOT_OVER_HTTP.test(readFileSync(join(HERE, name), 'utf8')));

describe.each(folders.filter((folder) => overHttp(folder).length > 0))('%s over HTTP', (folder) => {
  it.each(overHttp(folder))('%s', async (name) => {
    const text = readFileSync(join(HERE, name), 'utf8');
    const transcript = parseTranscript(text);
    const door = await HttpDoor.open(transcript.head);
    try {
      expect(await play(transcript, door)).toBe(text);
    } finally {
      await door.close();
    }
  });
});

const read = (name: string): Transcript => parseTranscript(readFileSync(join(HERE, name), 'utf8'));
const USUAL = await usualCreation(read('start/created.txt'), async ({ steps }) => {
  const stage = new Stage(stageConfig(new Map()));
  const lines: string[] = [];
  for (const step of steps) lines.push(...(await stage.play(step)));
  return lines;
});

/** The transcript with what really follows. */
async function play(transcript: Transcript, door?: Door): Promise<string> {
  const before = opening(transcript);
  const settings = [...before, transcript].flatMap((each) => [...each.settings]);
  const stage = new Stage(stageConfig(new Map(settings)), door);
  for (const { steps } of before)
    for (const step of steps) await stage.play(asking(step, transcript.creation));
  const actual: (readonly string[])[] = [];
  for (const step of transcript.steps) {
    const lines = await stage.play(step);
    actual.push(transcript.isWhole ? lines : lines.map((line) => elided(line, USUAL)));
  }
  return renderTranscript(transcript, actual);
}

/** The step, asking for more if it is a creation request. */
function asking(step: Step, more: string): Step {
  const isCreation = step.mark === '->' && !step.text.includes('BOSH') && !step.text.includes(' sid=');
  return more === '' || !isCreation ? step : { ...step, text: step.text.replace('<body', `<body ${more}`) };
}

/** The transcripts that are played before this one, the first one first. */
function opening({ after }: Transcript): readonly Transcript[] {
  if (after === undefined) return [];
  const before = read(`start/${after}.txt`);
  return [...opening(before), before];
}
