import { expect, test } from 'vitest';
import {
  type Answerer,
  bodyOf,
  type FrontRig,
  post,
  request,
  startFront,
  textReply,
} from '../../../../tests/support/front-rig.ts';

/** A linear congruential generator (Numerical Recipes), so that a failing run can be had again by its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** What one client sends: pipelined requests, some cut off, some with junk behind. */
function script(roll: (sides: number) => number): string {
  const parts: string[] = [];
  for (let left = 1 + roll(5); left > 0; left -= 1) {
    const text = roll(4) === 0 ? request('GET', '/http-bind') : post(bodyOf(roll(100)));
    parts.push(roll(8) === 0 ? text.slice(0, roll(text.length)) : text);
  }
  return parts.join('') + (roll(6) === 0 ? 'junk\r\n\r\n' : '');
}

/** Answers, drops or forgets a request, now or later; `ended` counts for each how often it was done with. */
function fickleEngine(roll: (sides: number) => number, ended: Map<number, number>): Answerer {
  return (input, front) => {
    if (!('request' in input)) return;
    const { request: id } = input;
    if (input.type === 'reply-lost' || input.type === 'reply-taken') {
      // It was counted when it was answered.
      expect(ended.get(id)).toBe(1);
      return;
    }
    if (input.type === 'request-aborted') {
      ended.set(id, (ended.get(id) ?? 0) + 1);
      return;
    }
    ended.set(id, 0);
    const answer = () => {
      if (ended.get(id) !== 0) return;
      ended.set(id, 1);
      if (roll(10) === 0) front.drop(id);
      else front.respond(id, textReply('x'.repeat(roll(50_000))));
    };
    const choice = roll(3);
    if (choice === 0) answer();
    else if (choice === 1) setTimeout(answer, roll(20));
  };
}

test.each([1, 2, 3])('whatever clients do, each request ends once (seed %i)', async (seed) => {
  const roll = dice(seed);
  const ended = new Map<number, number>();
  const rig: FrontRig = await startFront({}, fickleEngine(roll, ended));
  const clients = Array.from({ length: 150 }, () => {
    const client = rig.connect();
    const text = script(roll);
    const cut = roll(text.length);
    client.write(text.slice(0, cut));
    setTimeout(() => client.socket.writable && client.write(text.slice(cut)), roll(20));
    if (roll(2) === 0) setTimeout(() => client.destroy(), roll(30));
    return client;
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  const last = rig.connect();
  last.write(request('GET', '/http-bind'));
  expect((await last.reply()).status).toBe(200);
  for (const client of clients) client.destroy();
  await rig.stop();
  expect(ended.size).toBeGreaterThan(20);
  expect([...ended.values()].filter((count) => count !== 1)).toEqual([]);
});
