import type { Outcome } from './case.ts';

/** What boshd answers to a case other than pass, on purpose. */
export interface Exception {
  readonly outcome: Exclude<Outcome, 'pass'>;
  readonly reason: string;
}

const STREAM_CASES = [
  'add',
  'add-reply',
  'addressed',
  'broadcast',
  'close-last',
  'close-one',
  'empty-body',
  'name',
  'unknown',
];
const STREAMS_OFF: Exception = {
  outcome: 'not-offered',
  reason: 'Several streams in one session are off by default.',
};

const RETURNED_BY_SERVER: Exception = {
  outcome: 'fail',
  reason:
    'With stream management (XEP-0198) the server itself stores or returns what was not acknowledged, in its own way; Prosody answers recipient-unavailable to all of it. Without, boshd does as XEP-0206 §7 says.',
};

const COMPRESSION_OFF =
  'Compressed requests are off by default: no client is known that makes them, and a bomb costs what it inflates to.';

/** All of them; every other case must pass. docs/xep-0124.md and docs/xep-0206.md name the deviations. */
export const BOSHD_EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'terms.content-html': {
    outcome: 'fail',
    reason:
      'Types in which a browser runs scripts are not granted: a foreign page could post a form and have an XMPP server of its choice put a script into the origin of the site.',
  },
  'xmpp.restart-payload': {
    outcome: 'fail',
    reason: 'Sent when the new stream is open, since clients from before XEP-0206 1.2 count on it.',
  },
  'recipient.iq': RETURNED_BY_SERVER,
  'recipient.presence': RETURNED_BY_SERVER,
  'http.compressed-reply': {
    outcome: 'not-done',
    reason:
      'Compression next to text of an attacker tells secrets by length (BREACH), so it is off by default.',
  },
  'terms.accept': { outcome: 'not-done', reason: COMPRESSION_OFF },
  'http.compressed-request': { outcome: 'not-offered', reason: COMPRESSION_OFF },
  'http.script': { outcome: 'not-offered', reason: 'No site offers the script syntax by default.' },
  ...Object.fromEntries(STREAM_CASES.map((name) => [`streams.${name}`, STREAMS_OFF])),
};
