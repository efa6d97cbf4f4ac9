import type { Toolbox } from '../kit/index.ts';
import type { BodyAttributes } from '../wire/index.ts';
import type { Session } from './session.ts';

/**
 * Checks the key of a request received in order and moves to the next one (XEP-0124 §15.4, §15.5). False: the request
 * must not be processed and the session ends.
 */
export function takeKey(session: Session, attributes: BodyAttributes, toolbox: Toolbox): boolean {
  const { key, newkey } = attributes;
  if (
    session.key !== undefined &&
    (key === undefined || toolbox.sha1Hex(toolbox.encodeUtf8(key)) !== session.key)
  )
    return false;
  // Without a newkey, the key itself is what the next one must hash to. Case is not significant.
  if (newkey !== undefined) session.key = newkey.toLowerCase();
  else if (session.key !== undefined) session.key = key?.toLowerCase();
  return true;
}

/** A repeat must bring the key that its rid had; absent only where the session uses none. */
export function isSameKey(stored: string | undefined, repeated: string | undefined): boolean {
  return stored?.toLowerCase() === repeated?.toLowerCase();
}
