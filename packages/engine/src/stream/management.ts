import {
  after,
  ascii,
  type ByteString,
  type Duration,
  earlier,
  type Instant,
  seconds,
} from '../kit/index.ts';
import { NS } from '../wire/index.ts';
import type { Counts } from './counts.ts';
import { askBy, makeOutgoing, type SentStanzas, wireCount } from './outgoing.ts';

/*
 * XEP-0198 as boshd keeps it towards the server, unseen by the client.
 *
 *   not-offered   the server's newest features do not offer it, or boshd is not to use it
 *   offered       they do, and the client is not logged in yet
 *   asked         <enable/> was sent: what goes to the server is counted
 *   enabled       <enabled/> came: what comes from the server is, too
 *   by-client     the client keeps it itself: it counts every stanza, and so does the server
 *
 * From the server come stanzas in order; `received` of the stream counts them, `confirmed` those of them that the client
 * has confirmed (or that were given back), as the session tells. h, what the server is told, is `confirmed` less what came
 * before <enabled/>: nothing is acknowledged that was not confirmed. But servers give up on a stream on which too many stanzas
 * are not acknowledged, so beyond `unconfirmedMax` the oldest are `owned`: acknowledged, and boshd's to return at an end.
 */
export type Management =
  | { readonly is: 'not-offered' | 'offered' | 'by-client' }
  | (Counted & { readonly is: 'asked' })
  | (Counted & {
      readonly is: 'enabled';
      /** Stanzas from the server that are not counted: they came before <enabled/>. */
      readonly uncounted: number;
      /** How the server calls the stream, and how long it keeps it; undefined: it cannot be resumed. */
      readonly id: string | undefined;
      readonly max: Duration | undefined;
      /** The h that the server was told last. */
      told: number;
      /** h has advanced: it is told with what is sent next, at the latest then. */
      tellBy: Instant | undefined;
      /** The server asked (<r/>) and is to be answered before anything else happens. */
      isAsked: boolean;
    });

interface Counted {
  readonly outgoing: SentStanzas;
}

export type EnabledManagement = Extract<Management, { is: 'enabled' }>;

export const NOT_OFFERED: Management = { is: 'not-offered' };
export const OFFERED: Management = { is: 'offered' };
export const BY_CLIENT: Management = { is: 'by-client' };

/** h comes so much later at most: an <a/> of its own for each reply that is confirmed would double the writes. */
const TELL_AFTER: Duration = seconds(1);
/** In a burst h is told after so many stanzas, whatever the time: ejabberd ends a stream at 5,000. */
const TELL_EVERY = 100;

/** <enable/> was sent. */
export function askedFor(now: Instant): Management {
  return { is: 'asked', outgoing: makeOutgoing({ sent: 0, acknowledged: 0, queue: [] }, now) };
}

/** <enabled/> came, when so many stanzas had come. */
export function enabled(
  outgoing: SentStanzas,
  { uncounted, id, max }: Pick<EnabledManagement, 'uncounted' | 'id' | 'max'>,
): EnabledManagement {
  return { is: 'enabled', outgoing, uncounted, id, max, told: 0, tellBy: undefined, isAsked: false };
}

/** It goes on in another process. What is news is told at once: it is not known how much of it was. */
export function goOnTelling(management: EnabledManagement, told: number, counts: Counts, now: Instant): void {
  management.told = told;
  if (handled(counts, management) > told) management.tellBy = now;
}

/** What goes to the server, where it is counted. */
export function outgoingOf(management: Management): SentStanzas | undefined {
  return management.is === 'asked' || management.is === 'enabled' ? management.outgoing : undefined;
}

/** How many stanzas of the server are settled or boshd's own, of those that it counts. */
export function handled(
  { confirmed, owned }: Counts,
  { uncounted }: Pick<EnabledManagement, 'uncounted'>,
): number {
  return Math.max(0, Math.max(confirmed, owned) - uncounted);
}

/** <a/> with h of now, which is told with it. */
export function acknowledgement(counts: Counts, management: EnabledManagement): ByteString {
  noteTold(management, handled(counts, management));
  return ascii(`<a xmlns='${NS.streamManagement}' h='${wireCount(management.told)}'/>`);
}

/** The server knows h, and has no question open. */
export function noteTold(management: EnabledManagement, h: number): void {
  management.told = h;
  management.tellBy = undefined;
  management.isAsked = false;
}

/** <r/> came. */
export function noteRequest(management: EnabledManagement): void {
  management.isAsked = true;
}

/** h may have advanced: it is told soon. */
export function tellSoon(counts: Counts, management: EnabledManagement, now: Instant): void {
  if (management.tellBy === undefined && handled(counts, management) > management.told)
    management.tellBy = after(now, TELL_AFTER);
}

/** Whether h is so far ahead of what was told that it is told at once. */
export function isFarAhead(counts: Counts, management: EnabledManagement): boolean {
  return !management.isAsked && handled(counts, management) - management.told >= TELL_EVERY;
}

/** When something is to be told or asked. */
export function managementDue(management: Management): Instant | undefined {
  if (management.is === 'asked') return askBy(management.outgoing);
  if (management.is === 'enabled') return earlier(management.tellBy, askBy(management.outgoing));
  return undefined;
}
