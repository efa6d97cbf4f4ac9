import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Backlog } from './backlog.ts';

const MAX = 80;

/** A backlog, and what it asked: each answer is the test's to give. */
class Asked {
  readonly answers: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  readonly backlog = new Backlog(
    MAX,
    () => new Promise((resolve, reject) => this.answers.push({ resolve, reject })),
  );

  async answer(): Promise<void> {
    this.answers.at(-1)?.resolve();
    await turn();
  }
}

test('without an answer the limit is the end', () => {
  const { backlog } = new Asked();
  expect([40, 40, 1].map((bytes) => backlog.add(bytes))).toEqual([true, true, false]);
});

test('one question is on its way at a time, and none for little', () => {
  const { backlog, answers } = new Asked();
  backlog.add(MAX / 8 - 1);
  expect(answers).toHaveLength(0);
  for (let each = 0; each < 5; each += 1) backlog.add(10);
  expect(answers).toHaveLength(1);
});

test('an answer speaks for what was before its question, and for nothing after it', async () => {
  const asked = new Asked();
  asked.backlog.add(50);
  asked.backlog.add(30);
  await asked.answer();
  expect(asked.backlog.add(50)).toBe(true);
  expect(asked.backlog.add(1)).toBe(false);
});

test('with answers there is no end', async () => {
  const asked = new Asked();
  for (let each = 0; each < 50; each += 1) {
    expect(asked.backlog.add(MAX)).toBe(true);
    await asked.answer();
  }
  expect(asked.answers).toHaveLength(50);
});

test('a question to a connection that is gone is nobody’s error', async () => {
  const { backlog, answers } = new Asked();
  backlog.add(50);
  answers[0]?.reject(new Error('gone'));
  await turn();
  expect(backlog.add(31)).toBe(false);
});
