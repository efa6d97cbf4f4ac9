import { describe, expect, it } from 'vitest';
import { ALL_CONDITIONS, type Condition, conditionFacts } from './index.ts';

describe('terminal binding conditions', () => {
  it('are those of XEP-0124 §17.2', () => {
    expect([...ALL_CONDITIONS].sort()).toEqual([
      'bad-request',
      'host-gone',
      'host-unknown',
      'improper-addressing',
      'internal-server-error',
      'item-not-found',
      'other-request',
      'policy-violation',
      'remote-connection-failed',
      'remote-stream-error',
      'see-other-uri',
      'system-shutdown',
      'undefined-condition',
    ]);
  });

  it.each<[condition: Condition, status: number | undefined]>([
    ['bad-request', 400],
    ['policy-violation', 403],
    ['item-not-found', 404],
    ['host-unknown', undefined],
    ['remote-connection-failed', undefined],
    ['system-shutdown', undefined],
  ])('%s is HTTP %s to a client without ver (XEP-0124 §17.1)', (condition, status) => {
    expect(conditionFacts(condition).legacyStatus).toBe(status);
  });
});
