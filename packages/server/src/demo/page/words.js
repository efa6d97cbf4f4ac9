/** Failures in words that a person can act on. */

/**
 * @typedef {{ readonly title: string, readonly advice: string }} Words
 * @typedef {object} Failure
 * @property {string} condition what Strophe says: a condition of XEP-0124 §17.2, of SASL, or its own
 * @property {'log-in' | 'session'} during
 * @property {number} httpStatus of the last BOSH request; 0 where none came through
 * @property {string} domain
 */

/** @type {Readonly<Record<string, (domain: string) => Words>>} */
const CONDITIONS = {
  'host-unknown': (domain) => ({
    title: `This service does not connect to ${domain}.`,
    advice: 'Check the spelling after the @. If it is right, the operator has to allow that domain.',
  }),
  'host-gone': (domain) => ({
    title: `${domain} is no longer served here.`,
    advice: 'Ask whoever runs it for the new address.',
  }),
  'improper-addressing': () => ({
    title: 'That is not a complete address.',
    advice: 'It should look like name@example.org.',
  }),
  'remote-connection-failed': (domain) => ({
    title: `No XMPP server could be reached for ${domain}.`,
    advice: 'Check the spelling after the @. The log of boshd says what went wrong on the way.',
  }),
  'remote-stream-error': (domain) => ({
    title: `${domain} ended the connection.`,
    advice: 'The last entry on the wire holds its reason. You can sign in again.',
  }),
  conflict: () => ({
    title: 'You signed in somewhere else with the same name.',
    advice: 'Only one of them can stay. Sign in again to take over here.',
  }),
  'item-not-found': () => ({
    title: 'The session is over.',
    advice: 'That happens after a long sleep or a restart of the service. Sign in again.',
  }),
  'internal-server-error': () => ({
    title: 'The connection to the XMPP server broke.',
    advice: 'Sign in again; messages that were not delivered say so.',
  }),
  'policy-violation': () => ({
    title: 'The service refused this session.',
    advice: 'There are limits on sessions and requests. Wait a moment, then sign in again.',
  }),
  'system-shutdown': () => ({
    title: 'The service is being restarted.',
    advice: 'Sign in again in a moment.',
  }),
  'not-authorized': () => WRONG_PASSWORD,
  'no-auth-mech': (domain) => ({
    title: `${domain} offers no way to sign in that this page knows.`,
    advice: 'It may not allow guests; try an account with a password.',
  }),
  'x-strophe-bad-non-anon-jid': (domain) => ({
    title: `${domain} does not let guests in.`,
    advice: 'Sign in with an account there.',
  }),
  'bad-format': () => ({
    title: 'The answer was not from a BOSH service.',
    advice: 'Something between this page and boshd answers in its place; look at the proxy.',
  }),
};

/** @type {Words} */
const WRONG_PASSWORD = {
  title: 'The name or the password is wrong.',
  advice: 'Check both and try again.',
};

/**
 * @param {Failure} failure
 * @returns {Words}
 */
export function failureInWords(failure) {
  const { condition, during, httpStatus, domain } = failure;
  const known = Object.hasOwn(CONDITIONS, condition) ? CONDITIONS[condition] : undefined;
  if (known !== undefined) return known(domain);
  if (condition === 'auth-failed') return WRONG_PASSWORD;
  if (httpStatus === 0) {
    return {
      title: 'The service does not answer.',
      advice: 'Is boshd running, and are you online? Then sign in again.',
    };
  }
  if (httpStatus === 403) {
    return {
      title: 'The service does not accept requests from this page.',
      advice: 'The operator has to allow the address of this page as an origin.',
    };
  }
  if (httpStatus >= 400) {
    return {
      title: `The service answered with HTTP ${httpStatus}.`,
      advice: 'Try again in a moment; if it stays, look at the proxy and the log of boshd.',
    };
  }
  return {
    title: during === 'log-in' ? `Signing in to ${domain} failed.` : 'The session ended.',
    advice: 'The last entries on the wire show what happened. You can sign in again.',
  };
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
