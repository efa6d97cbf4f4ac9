import { describe, expect, it } from 'vitest';
import { failureInWords, troubleInWords, undeliveredInWords, withoutForbidden } from './words.js';

describe('failureInWords', () => {
  it.each([
    ['unknown-domain', undefined, 'This service does not connect to example.org.'],
    ['server-unreachable', undefined, 'No XMPP server could be reached for example.org.'],
    ['not-authorized', undefined, 'The name or the password is wrong.'],
    ['replaced', undefined, 'You signed in somewhere else with the same name.'],
    ['unreachable', undefined, 'The service does not answer.'],
    ['forbidden', 403, 'The service does not accept requests from this page.'],
    ['busy', 502, 'The service answered with HTTP 502.'],
    ['something-new', undefined, 'Signing in to example.org failed.'],
    ['constructor', undefined, 'Signing in to example.org failed.'],
  ])('%s with HTTP %s', (code, status, title) => {
    const words = failureInWords({ code, status, during: 'log-in', domain: 'example.org' });
    expect(words.title).toBe(title);
    expect(words.advice).not.toBe('');
  });

  it('of a session that was up', () => {
    const words = failureInWords({
      code: 'something-new',
      status: undefined,
      during: 'session',
      domain: 'example.org',
    });
    expect(words.title).toBe('The session ended.');
  });
});

describe('troubleInWords', () => {
  it.each([
    ['unreachable', undefined, 'No answer, trying again…'],
    ['busy', 502, 'HTTP 502, trying again…'],
    ['something-new', undefined, 'Interrupted, trying again…'],
  ])('%s with HTTP %s', (code, status, words) => {
    expect(troubleInWords({ code, status })).toBe(words);
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
