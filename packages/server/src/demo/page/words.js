/** Failures in words that a person can act on. */

/**
 * @typedef {{ readonly title: string, readonly advice: string }} Words
 * @typedef {object} Failure
 * @property {string} code of the client's error
 * @property {number | undefined} status of HTTP, where that is what went wrong
 * @property {'log-in' | 'session'} during
 * @property {string} domain
 */

/** @type {Readonly<Record<string, (domain: string) => Words>>} */
const BY_CODE = {
  'unknown-domain': (domain) => ({
    title: `This service does not connect to ${domain}.`,
    advice: 'Check the spelling after the @. If it is right, the operator has to allow that domain.',
  }),
  'bad-address': () => ({
    title: 'That is not a complete address.',
    advice: 'It should look like name@example.org.',
  }),
  'server-unreachable': (domain) => ({
    title: `No XMPP server could be reached for ${domain}.`,
    advice: 'Check the spelling after the @. The log of boshd says what went wrong on the way.',
  }),
  'stream-error': (domain) => ({
    title: `${domain} ended the connection.`,
    advice: 'The last entry on the wire holds its reason. You can sign in again.',
  }),
  replaced: () => ({
    title: 'You signed in somewhere else with the same name.',
    advice: 'Only one of them can stay. Sign in again to take over here.',
  }),
  'session-lost': () => ({
    title: 'The session is over.',
    advice: 'That happens after a long sleep or a restart of the service. Sign in again.',
  }),
  'policy-violation': () => ({
    title: 'The service refused this session.',
    advice: 'There are limits on sessions and requests. Wait a moment, then sign in again.',
  }),
  'shut-down': () => ({
    title: 'The service is being restarted.',
    advice: 'Sign in again in a moment.',
  }),
  'not-authorized': () => ({
    title: 'The name or the password is wrong.',
    advice: 'Check both and try again.',
  }),
  'no-mechanism': (domain) => ({
    title: `${domain} offers no way to sign in that this page knows.`,
    advice: 'It may not allow guests; try an account with a password.',
  }),
  'insecure-page': () => ({
    title: 'A password could be read on its way.',
    advice: 'Open this page with https://, or on the machine itself as localhost. Guests may come in.',
  }),
  forbidden: () => ({
    title: 'The service does not accept requests from this page.',
    advice: 'The operator has to allow the address of this page as an origin.',
  }),
  unreachable: () => ({
    title: 'The service does not answer.',
    advice: 'Is boshd running, and are you online? Then sign in again.',
  }),
};

/**
 * @param {Failure} failure
 * @returns {Words}
 */
export function failureInWords({ code, status, during, domain }) {
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return known(domain);
  if (status !== undefined) {
    return {
      title: `The service answered with HTTP ${status}.`,
      advice: 'Try again in a moment; if it stays, look at the proxy and the log of boshd.',
    };
  }
  return {
    title: during === 'log-in' ? `Signing in to ${domain} failed.` : 'The session ended.',
    advice: 'The last entries on the wire show what happened. You can sign in again.',
  };
}

/** @type {Readonly<Record<string, string>>} */
const TROUBLES = {
  unreachable: 'No answer, trying again…',
  'shut-down': 'The service is being restarted, trying again…',
  'session-lost': 'The session is over, signing in again…',
};

/**
 * What stands in the state line while a session is interrupted.
 *
 * @param {Pick<Failure, 'code' | 'status'>} failure
 */
export function troubleInWords({ code, status }) {
  const known = Object.hasOwn(TROUBLES, code) ? TROUBLES[code] : undefined;
  return known ?? (status === undefined ? 'Interrupted, trying again…' : `HTTP ${status}, trying again…`);
}

/** @type {Readonly<Record<string, string>>} */
const NOT_DELIVERED = {
  'service-unavailable': 'Not delivered: nobody is there.',
  'recipient-unavailable': 'Not delivered: nobody is there any more.',
  'remote-server-not-found': 'Not delivered: that domain can not be reached from here.',
  'item-not-found': 'Not delivered: there is no such address.',
  'jid-malformed': 'Not delivered: that is not an address.',
  'not-allowed': 'Not delivered: it is not allowed.',
  forbidden: 'Not delivered: you may not write there.',
  'policy-violation': 'Not delivered: the server refused it.',
};

/** @param {string} condition of a stanza error (RFC 6120 §8.3.3) */
export function undeliveredInWords(condition) {
  return NOT_DELIVERED[condition] ?? `Not delivered (${condition}).`;
}

/** What XML 1.0 has no way to say: most control characters, and halves of surrogate pairs. */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/**
 * The text without the characters that XML does not allow: one of them, in a name or a message, would make the whole request invalid.
 *
 * @param {string} text
 * @returns {string}
 */
export function withoutForbidden(text) {
  return text.replace(NOT_XML, '');
}
