import { describe, expect, it } from 'vitest';
import { instantOf } from '../../kit/index.ts';
import { DEFAULT_ADMISSION_LIMITS } from '../config.ts';
import { Admission } from './admission.ts';

const at = (seconds: number) => instantOf(seconds * 1000);
const make = (limits: Partial<typeof DEFAULT_ADMISSION_LIMITS> = {}) =>
  new Admission({ ...DEFAULT_ADMISSION_LIMITS, ...limits });

/** How many of so many creations at once are admitted. */
function admitted(admission: Admission, address: string, count: number, seconds: number): number {
  let taken = 0;
  for (let index = 0; index < count; index += 1) {
    if (admission.enter(address, at(seconds)) === undefined) taken += 1;
  }
  return taken;
}

describe('sessions of one address', () => {
  it('are limited, and each that ends makes room for one', () => {
    const admission = make({ sessionsPerAddressMax: 5, creationsPerAddressPerSecond: 0 });
    expect(admitted(admission, '192.0.2.1', 9, 0)).toBe(5);
    expect(admitted(admission, '192.0.2.2', 9, 0)).toBe(5);
    admission.leave('192.0.2.1', at(0));
    expect(admitted(admission, '192.0.2.1', 9, 0)).toBe(1);
    expect(admission.liveSessions).toBe(10);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', ''])(
    'are not limited for a proxy on the same machine: %s',
    (address) => {
      expect(admitted(make(), address, 200, 0)).toBe(200);
    },
  );

  it('are not limited where the limit is 0', () => {
    const admission = make({ sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 });
    expect(admitted(admission, '192.0.2.1', 200, 0)).toBe(200);
  });
});

describe('creations of one address', () => {
  it('may come in a burst, then at a rate', () => {
    const admission = make({ sessionsPerAddressMax: 0 });
    expect(admitted(admission, '192.0.2.1', 99, 0)).toBe(30);
    expect(admitted(admission, '192.0.2.1', 99, 0.1)).toBe(1);
    expect(admitted(admission, '192.0.2.1', 99, 1.1)).toBe(10);
    expect(admitted(admission, '192.0.2.1', 99, 1000)).toBe(30);
  });
});

describe('sessions of the process', () => {
  it('are limited, proxies or not', () => {
    const admission = make({ sessionsMax: 3 });
    expect(admitted(admission, '::1', 2, 0)).toBe(2);
    expect(admitted(admission, '192.0.2.1', 2, 0)).toBe(1);
    expect(admission.enter('::1', at(0))).toBe('3 sessions are live');
  });
});

describe('addresses', () => {
  it('are forgotten with their last session once the burst is there again', () => {
    const admission = make();
    admission.enter('192.0.2.1', at(0));
    admission.leave('192.0.2.1', at(60));
    expect(admission.knownAddresses).toBe(0);
  });

  it('whose sessions failed at once do not pile up while others live', () => {
    const admission = make();
    admission.enter('192.0.2.1', at(0));
    for (let index = 0; index < 20_000; index += 1) {
      const address = `2001:db8::${index.toString(16)}`;
      admission.enter(address, at(index));
      admission.leave(address, at(index));
    }
    expect(admission.knownAddresses).toBeLessThanOrEqual(1025);
    expect(admission.liveSessions).toBe(1);
  });
});
