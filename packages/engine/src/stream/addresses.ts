/** The bare JID of an address (RFC 7622 §3), in lower case: servers write them prepared, so that is enough to compare. */
export function bareOf(address: string): string {
  const slash = address.indexOf('/');
  return (slash < 0 ? address : address.slice(0, slash)).toLowerCase();
}

/** Whether a stanza is from the full JID of another account than the own one, which is `to` where it is not known. */
export function isFromAnotherResource(
  from: string | undefined,
  to: string | undefined,
  account: string | undefined,
): boolean {
  if (from === undefined || !from.includes('/')) return false;
  return bareOf(from) !== (account ?? (to === undefined ? undefined : bareOf(to)));
}
