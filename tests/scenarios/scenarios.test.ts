import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageConfig } from './config.ts';
import { Stage } from './stage.ts';
import { parseTranscript, renderTranscript, type Transcript } from './transcript.ts';

const HERE = import.meta.dirname;
/** Set: the files are rewritten with what really followed. Read the diff before committing it. */
const UPDATES = process.env['UPDATE_SCENARIOS'] === '1';

const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.txt'),
);
const folders = [...new Set(files.map((name) => name.slice(0, name.indexOf('/'))))].sort();

describe.each(folders)('%s', (folder) => {
  it.each(files.filter((name) => name.startsWith(`${folder}/`)).sort())('%s', (name) => {
    const file = join(HERE, name);
    const text = readFileSync(file, 'utf8');
    const transcript = parseTranscript(text);
    const before = opening(transcript);
    const settings = [...before, transcript].flatMap((each) => [...each.settings]);
    const stage = new Stage(stageConfig(new Map(settings)));
    for (const { steps } of before) for (const step of steps) stage.play(step);
    const actual = transcript.steps.map((step) => stage.play(step));
    if (UPDATES) writeFileSync(file, renderTranscript(transcript, actual));
    else expect(renderTranscript(transcript, actual)).toBe(text);
  });
});

/** The transcripts that are played before this one, the first one first. */
function opening({ after }: Transcript): readonly Transcript[] {
  if (after === undefined) return [];
  const before = parseTranscript(readFileSync(join(HERE, 'start', `${after}.txt`), 'utf8'));
  return [...opening(before), before];
}
