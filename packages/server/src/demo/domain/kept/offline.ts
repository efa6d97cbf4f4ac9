import type { ByteString } from '@boshd/engine/kit';
import { readElement, writeElement } from '@boshd/engine/wire';
import type { Account } from '../accounts.ts';
import type { Session } from '../session.ts';
import { element, withChild } from '../stanza.ts';
import type { DomainState } from '../state.ts';

/** XEP-0203 */
const NS_DELAY = 'urn:xmpp:delay';

/** Keeps a message till its account comes back, with the time it came (XEP-0160); false where it is full. */
export function storeOffline(state: DomainState, account: Account, message: ByteString, at: Date): boolean {
  const { offlineMessagesMax, offlineBytesMax } = state.limits;
  const delay = element('delay', NS_DELAY, { from: state.name, stamp: at.toISOString() });
  const stamped = isStamped(state, message)
    ? message
    : withChild(message, writeElement(delay, state.toolbox));
  const bytes = account.offlineBytes + stamped.length;
  if (account.offline.length >= offlineMessagesMax || bytes > offlineBytesMax) return false;
  account.offline.push(stamped);
  account.offlineBytes = bytes;
  return true;
}

/** It was stored before: it was handed to somebody who did not acknowledge it. */
function isStamped({ name, toolbox }: DomainState, message: ByteString): boolean {
  return readElement(message, toolbox).children.some(
    ({ namespace, attributes }) => namespace === NS_DELAY && attributes.get('from') === name,
  );
}

/** Hands what was kept to the first resource that wants messages. */
export function deliverOffline(session: Session): void {
  const { account } = session;
  for (const message of account.offline) session.send(message);
  account.offline.length = 0;
  account.offlineBytes = 0;
}
