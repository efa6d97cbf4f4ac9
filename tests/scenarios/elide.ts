import type { Transcript } from './transcript.ts';

/** Attributes of a <body/> by their names, in their order. */
type Attributes = ReadonlyMap<string, string>;

/** What is granted by default at a creation: to a client that can wait, and to one that polls. */
export interface Usual {
  readonly waiting: Attributes;
  readonly polling: Attributes;
}

/** Plays steps to a connection manager with nothing but defaults, and says what followed. */
export type Play = (transcript: Transcript) => Promise<readonly string[]>;

/** Learns from the engine what is usual, so that no transcript has to be changed with a default that is not its matter. */
export async function usualCreation(created: Transcript, play: Play): Promise<Usual> {
  const steps = created.steps.map((step) => ({ ...step, text: step.text.replace("wait='60'", "wait='0'") }));
  return {
    waiting: attributesIn(await play(created)),
    polling: attributesIn(await play({ ...created, steps })),
  };
}

function attributesIn(lines: readonly string[]): Attributes {
  const line = lines.find((each) => CREATION.test(each));
  if (line === undefined) throw new Error('start/created.txt has no creation reply');
  return attributesOf(CREATION.exec(line)?.[1] ?? '');
}

/** The start tag of a reply that tells the sid and what is granted. */
const CREATION = /(?<=<body)((?: [\w:]+='[^']*')* sid='SID'(?: [\w:]+='[^']*')*)/;

function attributesOf(text: string): Attributes {
  return new Map(
    [...text.matchAll(/ ([\w:]+)='([^']*)'/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

/**
 * A reply with CREATED for all that is usual in a creation reply; behind it stands what is another value, or not usual, and with
 * a minus what is missing.
 */
export function elided(reply: string, { waiting, polling }: Usual): string {
  return reply.replace(CREATION, (text) => {
    const attributes = attributesOf(text);
    const isPolling = attributes.get('wait') === '0' || attributes.get('hold') === '0';
    const usual = isPolling ? polling : waiting;
    const others = [...attributes].filter(([name, value]) => usual.get(name) !== value);
    const missing = [...usual.keys()].filter((name) => !attributes.has(name));
    return [
      isPolling ? ' CREATED-POLLING' : ' CREATED',
      ...others.map(([name, value]) => ` ${name}='${value}'`),
      ...missing.map((name) => ` -${name}`),
    ].join('');
  });
}
