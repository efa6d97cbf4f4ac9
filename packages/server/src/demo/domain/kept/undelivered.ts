import type { ByteString } from '@boshd/engine/kit';
import { NS, readStartTag } from '@boshd/engine/wire';
import { parseJid } from '../jid.ts';
import { takeMessage } from '../router.ts';
import type { Session } from '../session.ts';
import { readStanza, type Stanza } from '../stanza.ts';
import { accountAt, availableSessions, type DomainState, refuse, type Sender } from '../state.ts';

/** A stanza that went to a client which has not acknowledged it. */
export interface Kept {
  readonly bytes: ByteString;
  /** When it was sent first. */
  readonly at: Date;
}

/**
 * What its client never acknowledged before its stream was over (XEP-0198 §5): a message takes the way that it would
 * have taken without that resource, to another one, to the store or back; a request is refused; presence is out of date.
 */
export function giveBack(state: DomainState, session: Session, { bytes, at }: Kept): void {
  const stanza = ownStanza(state, bytes);
  if (stanza?.name === 'iq') refuse(state, senderOf(state, session, stanza), stanza, 'service-unavailable');
  if (stanza?.name !== 'message' || isHadElsewhere(state, session, stanza)) return;
  takeMessage(state, senderOf(state, session, stanza), stanza, at);
}

/** A message to the bare JID went to every resource that wanted it (RFC 6121 §8.5.2.1.1): the others have it. */
function isHadElsewhere(state: DomainState, { account }: Session, { to }: Stanza): boolean {
  if (to === undefined || to.resource !== '') return false;
  for (const other of availableSessions(state)) {
    if (other.account === account && other.priority >= 0) return true;
  }
  return false;
}

/** Its sender, who may be gone: then nobody hears that it was refused. */
function senderOf(state: DomainState, { account }: Session, stanza: Stanza): Sender {
  const from = stanza.attributes.get('from') ?? state.name;
  const jid = parseJid(from);
  const sender = jid === undefined ? undefined : accountAt(state, jid)?.sessions.get(jid.resource);
  return sender ?? { account, jid: from, send: () => undefined };
}

function ownStanza({ toolbox }: DomainState, bytes: ByteString): Stanza | undefined {
  const { qualifiedName } = readStartTag(bytes, toolbox);
  const name = qualifiedName.slice(qualifiedName.indexOf(':') + 1);
  return readStanza({ bytes, name, namespace: NS.client }, toolbox);
}
