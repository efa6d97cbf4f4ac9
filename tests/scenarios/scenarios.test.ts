import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Stage, stageConfig } from './stage.ts';
import { parseTranscript, renderTranscript } from './transcript.ts';

const HERE = import.meta.dirname;
/** Set: the files are rewritten with what really followed. Read the diff before committing it. */
const UPDATES = process.env['UPDATE_SCENARIOS'] === '1';

const folders = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.each(folders.map(({ name }) => name))('%s', (folder) => {
  const files = readdirSync(join(HERE, folder)).filter((name) => name.endsWith('.txt'));

  it.each(files)('%s', (name) => {
    const file = join(HERE, folder, name);
    const text = readFileSync(file, 'utf8');
    const transcript = parseTranscript(text);
    const stage = new Stage(stageConfig());
    const actual = transcript.steps.map((step) => stage.play(step));
    if (UPDATES) writeFileSync(file, renderTranscript(transcript, actual));
    else expect(renderTranscript(transcript, actual)).toBe(text);
  });
});
