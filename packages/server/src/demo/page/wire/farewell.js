/**
 * The last words of a page that is being closed.
 *
 * Strophe can not send them: a page that goes away may start no XMLHttpRequest. A beacon may go, and what it needs is
 * known from the requests before: the sid, and the rid that comes next (XEP-0124 §13).
 */

let sid = '';
let nextRid = 0;

/**
 * Remembers what a request of the session said.
 *
 * @param {string | undefined} requestSid
 * @param {number} rid
 */
export function remember(requestSid, rid) {
  if (requestSid === undefined || requestSid !== sid) nextRid = 0;
  sid = requestSid ?? '';
  nextRid = Math.max(nextRid, rid + 1);
}

/** @param {string} service */
export function farewell(service) {
  if (sid === '') return;
  const body = document.implementation.createDocument('http://jabber.org/protocol/httpbind', 'body');
  const root = body.documentElement;
  root.setAttribute('rid', String(nextRid));
  root.setAttribute('sid', sid);
  root.setAttribute('type', 'terminate');
  navigator.sendBeacon(service, new XMLSerializer().serializeToString(body));
  sid = '';
}
