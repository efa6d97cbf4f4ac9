import { type ByteString, compact } from '../kit/index.ts';
import type { PayloadPart, RowPart } from '../record/index.ts';
import type { Payload } from '../wire/index.ts';
import type { MarkedRow } from './requests.ts';

const NO_LITERALS: MarkedRow['literals'] = [];
const EMPTY_MARKED: MarkedRow = { count: 0, literals: NO_LITERALS, firstAt: Number.POSITIVE_INFINITY };

/** Payloads as a row, in which those that begin before `from` are literals. */
export function rowOf(payloads: readonly Payload[], from: number): MarkedRow {
  if (payloads.length === 0) return EMPTY_MARKED;
  let firstAt = Number.POSITIVE_INFINITY;
  let literals: { place: number; payload: Payload }[] | undefined;
  for (const [place, payload] of payloads.entries()) {
    const { at } = payload;
    if (at === undefined || at < from) {
      literals ??= [];
      literals.push({ place, payload });
    } else if (at < firstAt) firstAt = at;
  }
  return { count: payloads.length, literals: literals ?? NO_LITERALS, firstAt };
}

/**
 * The payloads of a row, or undefined where stanzas are missing.
 *
 * @param stanzas those that come, oldest first; they are taken out
 */
export function payloadsOf(
  { count, literals }: RowPart,
  stanzas: Iterator<Payload, undefined>,
): Payload[] | undefined {
  const payloads: Payload[] = [];
  let literal = 0;
  while (payloads.length < count) {
    const next = literals[literal];
    if (next?.place === payloads.length) {
      literal += 1;
      payloads.push(payloadOf(next.payload));
      continue;
    }
    const stanza = stanzas.next().value;
    if (stanza === undefined) return undefined;
    payloads.push(stanza);
  }
  return literal === literals.length ? payloads : undefined;
}

export function payloadOf({ name, namespace, bytes, isOwn, isAnswered }: PayloadPart): Payload {
  const flat: ByteString = bytes === '' ? bytes : compact(bytes);
  const payload = { name, namespace, bytes: flat };
  if (isOwn !== true && isAnswered !== true) return payload;
  return {
    ...payload,
    ...(isOwn === true ? { isOwn } : {}),
    ...(isAnswered === true ? { isAnswered } : {}),
  };
}
