import type { Toolbox } from '../kit/index.ts';
import {
  type DecodedBody,
  type Fragment,
  FragmentJoiner,
  isLimitFault,
  type OctetFault,
  type Payload,
  stanzaOf,
} from '../wire/index.ts';

/*
 * In script syntax the contents of a session's requests are one octet stream, in order of rid; a stanza may begin in one
 * and end in another (XEP-0252 §2.2). Repeats bring nothing new: a rid has the content of its first copy.
 */

export interface Octets {
  /** What the client sent of a payload that is not whole; undefined: it does not use the script syntax. */
  joiner: FragmentJoiner | undefined;
}

export function makeOctets(): Octets {
  return { joiner: undefined };
}

/** Nothing is kept any more, nor can be joined. */
export function dropOctets(octets: Octets): void {
  octets.joiner = undefined;
}

/** The request with the payloads that became whole with it, or refused. Called with requests in order of rid. */
export function joinOctets(octets: Octets, body: DecodedBody, toolbox: Toolbox): DecodedBody {
  const { joiner } = octets;
  const { fragment, payloads, refused } = body;
  if (fragment !== undefined) return joinFragment(octets, body, fragment, toolbox);
  if (joiner === undefined || (refused === undefined && (payloads.length === 0 || !joiner.isUnfinished)))
    return body;
  const stanza = joiner.giveUp();
  if (refused === undefined) return refusedWith(body, { ...IN_THE_MIDDLE, stanza }, payloads, toolbox);
  const stanzas = stanza === undefined ? refused.stanzas : [stanza, ...refused.stanzas];
  return { ...body, refused: { ...refused, stanzas } };
}

const IN_THE_MIDDLE = { code: 'not-well-formed', detail: 'whole payloads in the middle of one' } as const;

function joinFragment(octets: Octets, body: DecodedBody, fragment: Fragment, toolbox: Toolbox): DecodedBody {
  octets.joiner ??= new FragmentJoiner(toolbox);
  const payloads: Payload[] = [];
  const wrong = octets.joiner.push(fragment, payloads);
  if (wrong === undefined) return { ...body, payloads };
  octets.joiner.giveUp();
  return refusedWith(body, wrong, payloads, toolbox);
}

/** Nothing of the request is passed on, not even what became whole with it and is sound. */
function refusedWith(
  body: DecodedBody,
  wrong: OctetFault,
  payloads: readonly Payload[],
  toolbox: Toolbox,
): DecodedBody {
  const stanzas = payloads.flatMap((payload) => stanzaOf(payload, toolbox) ?? []);
  if (wrong.stanza !== undefined) stanzas.push(wrong.stanza);
  const { code, detail } = wrong;
  const bytes = body.fragment?.bytes.length ?? 0;
  const refused = { code, detail, isLimit: isLimitFault(wrong), bytes, hasRid: true, stanzas };
  return { attributes: body.attributes, payloads: [], refused };
}
