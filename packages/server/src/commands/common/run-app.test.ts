import { millis } from '@boshd/engine/kit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FrontError } from '../../front/index.ts';
import { createLogger } from '../../observe/index.ts';
import { runApp } from './run-app.ts';

const SIGTERM = 15;

/** The process around an app, with signals sent by hand. */
async function rig(stop: () => Promise<void>) {
  const told: string[] = [];
  const exits: number[] = [];
  let signalled: (signal: number) => void = () => undefined;
  const logger = await createLogger({ level: 'silent', format: 'json' });
  const start = vi.fn(async () => ({ urls: [], admin: [], reload: () => ({ ok: true, text: '' }), stop }));
  const run = (begin: typeof start = start) =>
    runApp(
      begin,
      () => told.push('started'),
      logger,
      { shutdown: { drain: millis(0), deadline: millis(8000) } },
      {
        onSignal: (handler) => {
          signalled = handler;
        },
        exit: (code) => exits.push(code),
        err: (text) => told.push(text),
      },
    );
  return { told, exits, run, signal: () => signalled(SIGTERM) };
}

describe('a signal', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('stops the app, and the exit code says that it went well', async () => {
    const stop = vi.fn(async () => undefined);
    const { run, signal, told, exits } = await rig(stop);
    const code = run();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(['started']);
    expect(stop).not.toHaveBeenCalled();
    signal();
    expect(await code).toBe(0);
    expect([stop.mock.calls.length, exits]).toEqual([1, []]);
  });

  test('sent twice ends the process at once', async () => {
    const { run, signal, exits } = await rig(() => new Promise(() => undefined));
    void run();
    await vi.advanceTimersByTimeAsync(1);
    signal();
    signal();
    expect(exits).toEqual([128 + SIGTERM]);
  });

  test('is remembered while the app starts', async () => {
    const { run, signal } = await rig(async () => undefined);
    const code = run();
    signal();
    expect(await code).toBe(0);
  });

  test('on which the app hangs is followed by the end of the process after the deadline', async () => {
    const { run, signal, exits } = await rig(() => new Promise(() => undefined));
    const code = run();
    await vi.advanceTimersByTimeAsync(1);
    signal();
    await vi.advanceTimersByTimeAsync(8000);
    expect(exits).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([await code, exits]).toEqual([1, [1]]);
  });
});

describe('an app that cannot start', () => {
  test.each([
    ['LISTEN_ADDRESS_IN_USE', 'Prosody and ejabberd'],
    ['LISTEN_ADDRESS_UNAVAILABLE', '0.0.0.0'],
    ['LISTEN_NOT_PERMITTED', '1024'],
    ['TLS_MATERIAL_UNUSABLE', 'tls.certFile'],
    ['LISTEN_FAILED', 'no luck'],
  ] as const)('%s is told with what to do', async (code, expected) => {
    const { run, told } = await rig(async () => undefined);
    const start = vi.fn(() => Promise.reject(new FrontError(code, 'no luck')));
    expect(await run(start)).toBe(1);
    expect(told.join('')).toMatch(/^boshd could not start: no luck\n/);
    expect(told.join('')).toContain(expected);
  });

  test('for a reason of our own is an error of ours', async () => {
    const { run } = await rig(async () => undefined);
    await expect(run(vi.fn(() => Promise.reject(new TypeError('a bug'))))).rejects.toThrow('a bug');
  });
});
