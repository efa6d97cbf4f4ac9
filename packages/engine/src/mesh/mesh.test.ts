import { describe, expect, test } from 'vitest';
import { bodyOf, toolbox } from '../../../../tests/support/engine/session.ts';
import { ascii, type ByteString, type Instant, instantOf } from '../kit/index.ts';
import { DEFAULT_MESH_LIMITS } from './limits.ts';
import { Mesh } from './mesh.ts';
import type { MeshWork } from './work.ts';

const START = 1_000_000;

function memberOf(incarnation: string, startedAtMs: number, anchor?: string, id = 'm'): Mesh {
  const identity = { incarnation, id, startedAtMs, region: '', weight: 100, version: '1', anchor };
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

describe('a process dies whose sessions outlive it', () => {
  const { heartbeat, grace } = DEFAULT_MESH_LIMITS;
  const now = instantOf(3 * heartbeat);
  const [A, B, EDGE] = ['a'.repeat(16), 'b'.repeat(16), 'e'.repeat(16)];
  const REQUEST = 7;

  /** Two workers of one anchor, and another member at which a request for a session of the first waits. */
  function waiting() {
    const [dead, heir] = [memberOf(A, START, 'x', 'm/0'), memberOf(B, START, 'x', 'm/1')];
    const edge = memberOf(EDGE, START, undefined, 'n');
    const pairs = [
      [dead, heir],
      [dead, edge],
      [heir, edge],
    ] as const;
    for (const [at, [one, other]] of pairs.entries()) exchange(one, other, instantOf((1 + at) * heartbeat));
    const sid = dead.sids.make();
    const body = bodyOf(`rid='1' sid='${sid}'`);
    edge.forward(REQUEST, sid, { site: 'default', secure: false, address: '', body }, now);
    workOf(edge);
    edge.unreached(A, 'closed', now);
    return { heir, edge, sid };
  }

  function workOf(mesh: Mesh): readonly MeshWork[] {
    const work: MeshWork[] = [];
    for (let each = mesh.take(); each !== undefined; each = mesh.take()) work.push(each);
    return work;
  }

  const kinds = (mesh: Mesh) =>
    workOf(mesh).map((work) => (work.type === 'log' ? work.event.event : work.type));

  test('a request waits, and goes to the process that continues them', () => {
    const { heir, edge, sid } = waiting();
    expect(kinds(edge)).toEqual(['member-suspected']);
    heir.continue([A], now);
    expect(heir.isOwn(sid)).toBe(true);
    for (const bytes of announced(heir)) edge.message(bytes, now);
    const work = workOf(edge);
    expect(work.find(({ type }) => type === 'log')).toMatchObject({
      event: { event: 'member-continued', member: 'm/0', by: 'm/1' },
    });
    expect(work.filter(({ type }) => type === 'send')).toMatchObject([{ to: B }, { to: B }]);
    // What the dead process said last comes late, and counts no more.
    edge.unreached(A, 'closed', now);
    expect(kinds(edge)).toEqual([]);
  });

  test('a request of the process that continues them is its own', () => {
    const { heir, sid } = waiting();
    const forwarded = { site: 'default', secure: false, address: '', body: bodyOf(`rid='1' sid='${sid}'`) };
    heir.forward(REQUEST, sid, forwarded, now);
    workOf(heir);
    heir.unreached(A, 'closed', now);
    heir.continue([A], now);
    expect(workOf(heir)).toContainEqual({ type: 'own', request: REQUEST, forwarded });
  });

  test('when nobody does, the sessions are over after a while', () => {
    const { edge } = waiting();
    workOf(edge);
    const later = instantOf(now + grace - 1);
    edge.advance(later, 0);
    expect(kinds(edge)).not.toContain('member-gone');
    edge.advance(instantOf(later + heartbeat), 0);
    expect(kinds(edge)).toContain('member-gone');
  });

  test('a worker that replaces another of its anchor has no elder', () => {
    const [old, next] = [memberOf(A, START, 'x'), memberOf(B, START + 1, 'x')];
    exchange(old, next, now);
    expect(next.hasElder).toBe(false);
  });
});
