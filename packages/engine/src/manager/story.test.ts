import { expect, it } from 'vitest';
import { bodyOf, turnAt } from '../../../../tests/support/engine/session.ts';
import { instantOf } from '../kit/index.ts';
import { Story } from './story.ts';

const IQ = "<iq xmlns='jabber:client' type='get' id='1'/>";
const MESSAGE = "<message xmlns='jabber:client'/>";

const { toolbox } = turnAt(0);
const payloads = (text: string) => bodyOf("rid='2'", text).payloads;

/** What the client and the server sent, and when: `> 100 <iq/>`. */
it.each<[happened: readonly (readonly ['>' | '<', number, string])[], last?: number, slowest?: number]>([
  [[]],
  [[['<', 100, IQ]]],
  [[['>', 100, IQ]]],
  [
    [
      ['>', 100, IQ],
      ['<', 140, IQ],
    ],
    40,
    40,
  ],
  // What nobody asked for is no answer, and what asks for none is not timed.
  [
    [
      ['>', 100, IQ],
      ['<', 110, MESSAGE],
      ['<', 400, IQ],
    ],
    300,
    300,
  ],
  [
    [
      ['>', 100, MESSAGE],
      ['<', 9000, MESSAGE],
      ['<', 9001, IQ],
    ],
  ],
  // The first of several that are under way is timed; the slowest stays.
  [
    [
      ['>', 100, IQ],
      ['>', 150, IQ],
      ['<', 600, `${MESSAGE}${IQ}`],
      ['<', 610, IQ],
      ['>', 700, IQ],
      ['<', 712, IQ],
    ],
    12,
    500,
  ],
])('how long the XMPP server takes: %j', (happened, last, slowest) => {
  const story = new Story(instantOf(0));
  for (const [direction, at, text] of happened) {
    if (direction === '>') story.sent(payloads(text), instantOf(at), toolbox);
    else story.received(payloads(text), instantOf(at));
  }
  expect([story.answerTook, story.slowestAnswer]).toEqual([last, slowest]);
});
