import { expect, test } from 'vitest';
import { toolbox } from '../../../../tests/support/engine/session.ts';
import { ascii, type ByteString, type Instant, instantOf } from '../kit/index.ts';
import { DEFAULT_MESH_LIMITS } from './limits.ts';
import { Mesh } from './mesh.ts';

const START = 1_000_000;

function memberOf(incarnation: string, startedAtMs: number): Mesh {
  const identity = { incarnation, id: 'm', startedAtMs, region: '', weight: 100, version: '1' };
  return new Mesh({ ...identity, keys: [ascii('k'.repeat(32))] }, DEFAULT_MESH_LIMITS, toolbox, instantOf(0));
}

/** What a member says to all. */
function announced(mesh: Mesh): readonly ByteString[] {
  const said: ByteString[] = [];
  for (let work = mesh.take(); work !== undefined; work = mesh.take())
    if (work.type === 'announce') said.push(work.bytes);
  return said;
}

function exchange(one: Mesh, other: Mesh, now: Instant): void {
  for (const mesh of [one, other]) mesh.advance(now, 0);
  const [ofOne, ofOther] = [announced(one), announced(other)];
  for (const bytes of ofOne) other.message(bytes, now);
  for (const bytes of ofOther) one.message(bytes, now);
}

test.each([
  ['earlier', START, START + 1, [false, true]],
  ['later', START + 1, START, [true, false]],
  ['in the same millisecond', START, START, [false, true]],
])('of two members of one name, the one that started %s', (_, oneAt, otherAt, hasElder) => {
  const [one, other] = [memberOf('a'.repeat(16), oneAt), memberOf('b'.repeat(16), otherAt)];
  exchange(one, other, instantOf(DEFAULT_MESH_LIMITS.heartbeat));
  expect([one.hasElder, other.hasElder]).toEqual(hasElder);
});

test('an elder that has left is none', () => {
  const [elder, younger] = [memberOf('a'.repeat(16), START), memberOf('b'.repeat(16), START + 1)];
  const now = instantOf(DEFAULT_MESH_LIMITS.heartbeat);
  exchange(elder, younger, now);
  expect(younger.hasElder).toBe(true);
  elder.leave();
  for (const bytes of announced(elder)) younger.message(bytes, now);
  expect(younger.hasElder).toBe(false);
});
