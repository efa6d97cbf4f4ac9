import { describe, expect, it } from 'vitest';
import { parseDateTime } from './date-time.ts';

describe('XEP-0082 §3.2', () => {
  it.each([
    '1970-01-01T00:00:00Z',
    '2026-11-27T11:32:44Z',
    '2024-02-29T23:59:59.999Z',
    '2000-03-01T00:00:00Z',
    '2100-02-28T12:00:00Z',
    '1969-07-20T21:56:15-05:00',
    '2999-12-31T01:02:03+13:45',
  ])('%s', (text) => {
    expect(parseDateTime(text)).toBe(Date.parse(text));
  });

  it('more digits of a second than there are milliseconds', () => {
    expect(parseDateTime('2026-01-01T00:00:00.1239Z')).toBe(Date.parse('2026-01-01T00:00:00.123Z'));
  });

  it.each(['', 'tomorrow', '2026-11-27', '11:32:44Z', '2026-11-27T11:32:44'])('not %j', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });
});
