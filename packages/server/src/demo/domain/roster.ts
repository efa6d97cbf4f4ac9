import { randomUUID } from 'node:crypto';
import { NS, writeElement, type XmlElement } from '@boshd/engine/wire';
import type { Account, RosterItem } from './accounts.ts';
import { bareOf, type Jid, parseJid } from './jid.ts';
import type { Session } from './session.ts';
import { element, insideOf, iqResult, type Stanza } from './stanza.ts';
import { accountAt, type DomainState, refuse } from './state.ts';

/** RFC 6121 §2 */
export const NS_ROSTER = 'jabber:iq:roster';

/** Bytes of a contact's or a group's name; RFC 6121 §2.3.3 leaves the limit to us. */
const NAME_BYTES_MAX = 1023;

/**
 * Answers a roster get or set (RFC 6121 §2). Everybody listed in the domain is in everybody's roster with subscription
 * both, in a group with the domain's name; a user can rename and regroup them, and add addresses from elsewhere, which
 * stay without a subscription because there is nowhere to send one.
 */
export function answerRoster(state: DomainState, session: Session, stanza: Stanza): void {
  if (stanza.type === 'get') {
    session.interested = true;
    const query = element('query', NS_ROSTER, {}, ...rosterOf(state, session.account));
    session.send(iqResult(stanza, session.jid, state.toolbox, query));
    return;
  }
  const items = insideOf(stanza, state.toolbox)[0]?.children ?? [];
  const [item] = items;
  const jid = parseJid(item?.attributes.get('jid') ?? '');
  if (item === undefined || items.length !== 1 || item.name !== 'item' || jid === undefined) {
    refuse(state, session, stanza, 'bad-request');
    return;
  }
  const remove = item.attributes.get('subscription') === 'remove';
  const error = remove ? removeItem(session.account, jid) : setItem(state, session.account, jid, item);
  if (error !== undefined) {
    refuse(state, session, stanza, error);
    return;
  }
  session.send(iqResult(stanza, session.jid, state.toolbox));
  pushTo(state, session.account, viewOf(state, session.account, bareOf(jid)));
}

/** Tells everybody else's interested resources that somebody came, changed the name, or (a guest) went for good. */
export function pushAccount(state: DomainState, about: Account, change: 'set' | 'remove'): void {
  for (const account of state.accounts.all()) {
    if (account === about) continue;
    const item =
      change === 'set'
        ? viewOf(state, account, about.jid)
        : element('item', NS_ROSTER, { jid: about.jid, subscription: 'remove' });
    pushTo(state, account, item);
  }
}

function rosterOf(state: DomainState, owner: Account): XmlElement[] {
  const jids = new Set(owner.roster.keys());
  for (const account of state.accounts.all()) {
    if (account.listed && account !== owner) jids.add(account.jid);
  }
  return [...jids].map((jid) => viewOf(state, owner, jid));
}

/** An item as its owner sees it: what was set, on top of what the shared group says. */
function viewOf(state: DomainState, owner: Account, jid: string): XmlElement {
  const address = parseJid(jid);
  const shared = address === undefined ? undefined : accountAt(state, address);
  const set = owner.roster.get(jid);
  const listed = shared?.listed === true && shared !== owner;
  if (set === undefined && !listed) return element('item', NS_ROSTER, { jid, subscription: 'remove' });
  const groups = set?.groups ?? [state.name];
  return element(
    'item',
    NS_ROSTER,
    { jid, name: set?.name ?? shared?.displayName, subscription: listed ? 'both' : 'none' },
    ...groups.map((group) => element('group', NS_ROSTER, {}, group)),
  );
}

function setItem(state: DomainState, owner: Account, jid: Jid, item: XmlElement) {
  const groups = item.children.filter((child) => child.name === 'group').map((child) => child.text);
  const name = item.attributes.get('name');
  if (new Set(groups).size !== groups.length) return 'bad-request';
  if (
    groups.includes('') ||
    [name ?? '', ...groups].some((text) => Buffer.byteLength(text) > NAME_BYTES_MAX)
  ) {
    return 'not-acceptable';
  }
  const { rosterItemsMax } = state.limits;
  const bare = bareOf(jid);
  if (groups.length > rosterItemsMax || (!owner.roster.has(bare) && owner.roster.size >= rosterItemsMax)) {
    return 'resource-constraint';
  }
  const set: RosterItem = { name, groups };
  owner.roster.set(bare, set);
  return undefined;
}

/** Somebody of the shared group comes back as the group says: nobody can leave it (RFC 6121 §2.5.3 otherwise). */
function removeItem(owner: Account, jid: Jid) {
  return owner.roster.delete(bareOf(jid)) ? undefined : 'item-not-found';
}

/** RFC 6121 §2.1.6 */
function pushTo(state: DomainState, owner: Account, item: XmlElement): void {
  for (const session of owner.sessions.values()) {
    if (!session.interested) continue;
    const query = element('query', NS_ROSTER, {}, item);
    const iq = element('iq', NS.client, { type: 'set', id: randomUUID(), to: session.jid }, query);
    session.send(writeElement(iq, state.toolbox));
  }
}
