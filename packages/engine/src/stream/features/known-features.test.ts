import { describe, expect, it } from 'vitest';
import { toolbox } from '../../../../../tests/support/engine/session.ts';
import { ascii } from '../../kit/index.ts';
import { NS, type Payload } from '../../wire/index.ts';
import { readFeatures, type Showing } from './features.ts';
import { KnownFeatures } from './known-features.ts';

const features = (inside: string): Payload => ({
  bytes: ascii(`<stream:features>${inside}</stream:features>`),
  name: 'features',
  namespace: NS.stream,
});

const loginWith = (mechanism: string): Payload =>
  features(
    `<mechanisms xmlns='${NS.sasl}'><mechanism>${mechanism}</mechanism></mechanisms><sm xmlns='urn:xmpp:sm:3'/>`,
  );

const usual: Showing = { external: false, management: false, bridge: true };

describe('features read lately', () => {
  it.each<Showing>([
    usual,
    { ...usual, external: true },
    { ...usual, management: true },
    { ...usual, bridge: false },
  ])('are those that reading gives, each for its own showing: %o', (showing) => {
    const known = new KnownFeatures();
    for (const mechanism of ['PLAIN', 'EXTERNAL']) {
      for (const other of [usual, showing, usual, showing]) {
        const payload = loginWith(mechanism);
        expect(known.read(payload, other, toolbox)).toEqual(readFeatures(payload, other, toolbox));
      }
    }
  });

  it('are the same value as long as they are remembered', () => {
    const known = new KnownFeatures();
    const first = known.read(loginWith('PLAIN'), usual, toolbox);
    expect(known.read(loginWith('PLAIN'), usual, toolbox)).toBe(first);
    for (let other = 0; other < 64; other += 1) known.read(loginWith(`X-${other}`), usual, toolbox);
    expect(known.read(loginWith('PLAIN'), usual, toolbox)).not.toBe(first);
    expect(known.read(loginWith('PLAIN'), usual, toolbox)).toEqual(first);
  });

  it('are not remembered when they are long', () => {
    const known = new KnownFeatures();
    const long = loginWith(`X-${'M'.repeat(4096)}`);
    expect(known.read(long, usual, toolbox)).not.toBe(known.read(long, usual, toolbox));
  });
});
