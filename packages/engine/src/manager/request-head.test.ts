import { describe, expect, test } from 'vitest';
import { stageConfig } from '../../../../tests/scenarios/config.ts';
import { bodyOf, toolbox } from '../../../../tests/support/engine/session.ts';
import { instantOf } from '../kit/index.ts';
import { ConnectionManager } from './manager.ts';
import type { Output } from './output.ts';

const settings = new Map([['bytesPerSessionBurst', '1000000']]);

/** A manager with one session, and its sid. */
function withSession(): readonly [ConnectionManager, string] {
  const manager = new ConnectionManager(stageConfig(settings), toolbox);
  const place = { site: 'default', secure: true, address: '192.0.2.1' };
  const body = bodyOf("rid='1' to='plain.example' ver='1.11'");
  manager.handle({ type: 'request', request: 1, ...place, body }, instantOf(0));
  const [slot] = manager.inspect();
  return [manager, slot?.session.sid ?? ''];
}

function look(
  manager: ConnectionManager,
  sid: string | undefined,
  bytes: number,
  place: { readonly site?: string; readonly secure?: boolean } = {},
): readonly Output[] {
  const { site = 'default', secure = true } = place;
  const head = { request: 9, site, secure, address: '192.0.2.1', sid, bytes };
  return manager.handle({ type: 'request-head', ...head }, instantOf(1000));
}

const DECODE = [{ type: 'decode', request: 9 }];
const told = (condition: string) => ({
  type: 'respond',
  request: 9,
  reply: { body: expect.stringContaining(`condition='${condition}'`) },
});

describe('the start tag of a long request', () => {
  test('of a session: it is decoded', () => {
    const [manager, sid] = withSession();
    expect(look(manager, sid, 900_000)).toEqual(DECODE);
    expect(manager.liveSessions).toBe(1);
  });

  test('of nobody, or of another site: item-not-found, and nothing is decoded', () => {
    const [manager, sid] = withSession();
    expect(look(manager, 'nobody', 900_000)).toMatchObject([told('item-not-found')]);
    expect(look(manager, sid, 900_000, { site: 'other' })).toMatchObject([told('item-not-found')]);
  });

  test('of a secure session on http: the connection is closed', () => {
    const [manager, sid] = withSession();
    expect(look(manager, sid, 900_000, { secure: false })).toEqual([{ type: 'drop', request: 9 }]);
  });

  test('of a session that has sent too much: its end, and nothing is decoded', () => {
    const [manager, sid] = withSession();
    const outputs = look(manager, sid, 2_000_000);
    expect(outputs.at(-1)).toMatchObject(told('policy-violation'));
    expect(outputs.some(({ type }) => type === 'decode')).toBe(false);
    expect(manager.liveSessions).toBe(0);
    expect(look(manager, sid, 2_000_000)).toEqual(DECODE);
  });

  test('of a creation: as much as a client may send before its log-in', () => {
    const [manager] = withSession();
    expect(look(manager, undefined, 60_000)).toEqual(DECODE);
    expect(look(manager, undefined, 100_000)).toMatchObject([{ type: 'log' }, told('policy-violation')]);
  });
});
