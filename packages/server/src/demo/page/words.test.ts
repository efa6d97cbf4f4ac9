import { describe, expect, it } from 'vitest';
import { failureInWords, undeliveredInWords, withoutForbidden } from './words.js';

describe('failureInWords', () => {
  it.each([
    ['host-unknown', 200, 'This service does not connect to example.org.'],
    ['remote-connection-failed', 200, 'No XMPP server could be reached for example.org.'],
    ['not-authorized', 200, 'The name or the password is wrong.'],
    ['auth-failed', 200, 'The name or the password is wrong.'],
    ['conflict', 200, 'You signed in somewhere else with the same name.'],
    ['unknown', 0, 'The service does not answer.'],
    ['unknown', 403, 'The service does not accept requests from this page.'],
    ['unknown', 502, 'The service answered with HTTP 502.'],
    ['something-new', 200, 'Signing in to example.org failed.'],
    ['constructor', 200, 'Signing in to example.org failed.'],
  ])('%s with HTTP %i', (condition, httpStatus, title) => {
    const words = failureInWords({ condition, httpStatus, during: 'log-in', domain: 'example.org' });
    expect(words.title).toBe(title);
    expect(words.advice).not.toBe('');
  });

  it('of a session that was up', () => {
    const words = failureInWords({
      condition: 'unknown',
      httpStatus: 200,
      during: 'session',
      domain: 'example.org',
    });
    expect(words.title).toBe('The session ended.');
  });
});

describe('undeliveredInWords', () => {
  it.each([
    ['service-unavailable', 'Not delivered: nobody is there.'],
    ['some-condition', 'Not delivered (some-condition).'],
  ])('%s', (condition, words) => {
    expect(undeliveredInWords(condition)).toBe(words);
  });
});

describe('withoutForbidden', () => {
  it.each([
    ['a\u000bb\u0000\u001b[0m', 'ab[0m'],
    ['tab\tand line\nstay\r', 'tab\tand line\nstay\r'],
    ['\ufffe\uffff', ''],
    ['half \ud83d of \ude00', 'half  of '],
    ['gr\u00fc\u00dfe \u{1f600}', 'gr\u00fc\u00dfe \u{1f600}'],
  ])('%j', (text, clean) => {
    expect(withoutForbidden(text)).toBe(clean);
  });
});
