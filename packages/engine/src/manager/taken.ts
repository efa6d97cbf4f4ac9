import type { Instant } from '../kit/index.ts';
import type { DecodedBody } from '../wire/index.ts';
import type { Guest, Refusal } from './admission/admission.ts';
import type { Site } from './sites.ts';

/** Takes what a request carries off what its session and address may still send; returns what was too much. */
export function takeRequest(
  { site, guest }: { readonly site: Site; readonly guest: Guest },
  { payloads, fragment, refused }: DecodedBody,
  now: Instant,
): Refusal | undefined {
  site.traffic.requests += 1;
  const pieces = payloads.length + (fragment === undefined && refused === undefined ? 0 : 1);
  if (pieces === 0) return undefined;
  let bytes = fragment?.bytes.length ?? refused?.bytes ?? 0;
  for (const payload of payloads) bytes += payload.bytes.length;
  site.traffic.bytesIn += bytes;
  return guest.violation ?? site.admission.sent(guest, bytes, pieces, now);
}
