import type { Toolbox } from '../kit/index.ts';
import type { BodyAttributes } from '../wire/index.ts';

/** The key sequence of a session (XEP-0124 §15). */
export interface KeySequence {
  /** SHA-1 of the client's next key, in lower case (§15.4); undefined: the session uses none. */
  next: string | undefined;
}

/** The keys of a session whose creation request had this `newkey`. */
export function makeKeySequence(newkey: string | undefined): KeySequence {
  return { next: newkey?.toLowerCase() };
}

/**
 * Checks the key of a request received in order and moves to the next one (XEP-0124 §15.4, §15.5). False: the request
 * must not be processed and the session ends.
 */
export function takeKey(keys: KeySequence, attributes: BodyAttributes, toolbox: Toolbox): boolean {
  const { key, newkey } = attributes;
  if (
    keys.next !== undefined &&
    (key === undefined || toolbox.sha1Hex(toolbox.encodeUtf8(key)) !== keys.next)
  )
    return false;
  // Without a newkey, the key itself is what the next one must hash to. Case is not significant.
  if (newkey !== undefined) keys.next = newkey.toLowerCase();
  else if (keys.next !== undefined) keys.next = key?.toLowerCase();
  return true;
}

/** A repeat must bring the key that its rid had; absent only where the session uses none. */
export function isSameKey(stored: string | undefined, repeated: string | undefined): boolean {
  return stored?.toLowerCase() === repeated?.toLowerCase();
}
