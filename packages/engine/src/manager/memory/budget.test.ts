import { describe, expect, it } from 'vitest';
import { openSession } from '../../../../../tests/support/engine/session.ts';
import { memoryOf } from '../../session/index.ts';
import { addressGroup } from '../admission/address-group.ts';
import { Budget, type Holder, type Relief, type RememberedMemory } from './budget.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';

/** A budget of 1,000 bytes, 600 an address, and what it let go of, in order. */
function scene() {
  const budget = new Budget({ memoryBytesMax: 1000, memoryBytesPerAddressMax: 600 });
  const names = new Map<object, string>();
  const done: string[] = [];
  const relief: Relief = {
    forget: (memory) => {
      done.push(`forget ${names.get(memory)}`);
      budget.forgotten(memory);
    },
    warn: () => void done.push('warn'),
  };
  const open = (name: string, address: string, isLoggedIn = true): Holder => {
    const holder: Holder = {
      holding: budget.open(addressGroup(address)),
      isLoggedIn,
      isOver: false,
      endByOthers: () => {
        done.push(`end ${name}`);
        budget.leave(holder);
      },
      holdBack: (isHeldBack) => void done.push(`${isHeldBack ? 'unread' : 'read'} ${name}`),
    };
    budget.enter(holder);
    return holder;
  };
  const remember = (name: string, { holding }: Holder, bytes: number): RememberedMemory => {
    const session = openSession();
    session.life = { phase: 'ended', terminal: { condition: undefined, error: undefined } };
    const memory = { memory: memoryOf(session), account: holding.account, heldBytes: 0 };
    names.set(memory, name);
    budget.remember(memory, bytes);
    return memory;
  };
  /** What was let go of by what came in the meantime. */
  const settled = (): string[] => {
    budget.relieve(relief);
    return done.splice(0);
  };
  return { budget, open, remember, settled };
}

describe('a session that is used from another address', () => {
  it('holds there, and is read again where its old address was short', () => {
    const { budget, open, settled } = scene();
    const one = open('one', A);
    const two = open('two', A);
    budget.count(one.holding, 300);
    budget.count(two.holding, 350);
    expect(settled()).toEqual(['warn', 'unread one', 'unread two']);
    budget.move(one, addressGroup(B));
    expect(settled()).toEqual(['read one', 'warn', 'read two']);
    budget.count(one.holding, 601);
    expect(settled()).toEqual(['warn', 'unread one']);
    expect([budget.refusalOf(A), budget.refusalOf(B)?.reason]).toEqual([undefined, 'memory-short']);
    budget.move(one, undefined);
    expect([budget.refusalOf(B), budget.bytes]).toEqual([undefined, 951]);
  });
});

describe('what is let go of', () => {
  it('is nothing up to the limit', () => {
    const { budget, open, settled } = scene();
    budget.count(open('one', A).holding, 600);
    budget.count(open('two', B).holding, 400);
    expect([budget.bytes, budget.isDue, settled()]).toEqual([1000, false, []]);
  });

  it('are memories first, the oldest of them, and no more than must be', () => {
    const { budget, open, remember, settled } = scene();
    const one = open('one', A);
    remember('old', one, 300);
    remember('new', one, 100);
    budget.count(open('two', B).holding, 590);
    expect(settled()).toEqual([]);
    budget.count(one.holding, 100);
    expect(settled()).toEqual(['forget old']);
    expect(budget.bytes).toBe(790);
  });

  it('are then sessions before log-in, the largest of them', () => {
    const { budget, open, remember, settled } = scene();
    const one = open('one', A);
    remember('memory', one, 100);
    budget.count(open('small stranger', B, false).holding, 100);
    budget.count(open('large stranger', '192.0.2.3', false).holding, 300);
    budget.count(open('empty stranger', B, false).holding, 0);
    budget.count(open('user', '192.0.2.4').holding, 600);
    expect(settled()).toEqual(['forget memory']);
    budget.count(one.holding, 50);
    expect(settled()).toEqual(['end large stranger']);
    budget.count(one.holding, 350);
    expect(settled()).toEqual(['end small stranger']);
  });

  it('is then reading from servers, and new sessions, until an eighth is free', () => {
    const { budget, open, settled } = scene();
    const one = open('one', A);
    const two = open('two', B);
    budget.count(one.holding, 600);
    budget.count(two.holding, 401);
    expect(settled()).toEqual(['warn', 'unread one', 'unread two']);
    expect(budget.refusalOf('192.0.2.9')).toMatchObject({ reason: 'memory-short', detail: 'of the process' });
    expect([budget.holdsBack(one), budget.holdsBack(two)]).toEqual([true, true]);
    budget.count(one.holding, 500);
    expect(settled()).toEqual([]);
    budget.count(one.holding, 474);
    expect(settled()).toEqual(['warn', 'read one', 'read two']);
    expect(budget.refusalOf('192.0.2.9')).toBe(undefined);
  });

  it('is of one address where one address holds too much', () => {
    const { budget, open, remember, settled } = scene();
    const one = open('one', A);
    const two = open('two', B);
    remember('memory of B', two, 100);
    budget.count(open('stranger of B', B, false).holding, 100);
    budget.count(one.holding, 601);
    expect(settled()).toEqual(['warn', 'unread one']);
    expect([budget.refusalOf(A)?.detail, budget.refusalOf(B)]).toEqual(['of this address', undefined]);
    budget.leave(one);
    expect(budget.refusalOf(A)).toBe(undefined);
  });

  it('goes on only when both the address and the process have room', () => {
    const { budget, open, settled } = scene();
    const one = open('one', A);
    const two = open('two', B);
    budget.count(one.holding, 650);
    budget.count(two.holding, 500);
    expect(settled()).toEqual(['warn', 'unread one', 'warn', 'unread one', 'unread two']);
    budget.count(two.holding, 0);
    expect(settled()).toEqual(['warn', 'read two']);
    budget.count(one.holding, 0);
    expect(settled()).toEqual(['warn', 'read one']);
  });

  it('follows a changed limit', () => {
    const { budget, open, settled } = scene();
    budget.count(open('one', A).holding, 500);
    budget.change({ memoryBytesMax: 400, memoryBytesPerAddressMax: 0 });
    expect(settled()).toEqual(['warn', 'unread one']);
    budget.change({ memoryBytesMax: 1000, memoryBytesPerAddressMax: 0 });
    expect(settled()).toEqual(['warn', 'read one']);
  });
});
