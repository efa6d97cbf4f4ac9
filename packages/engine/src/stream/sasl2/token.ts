import { ascii, type ByteString, type Instant, parseDateTime, type Toolbox } from '../../kit/index.ts';
import { NS, type XmlElement } from '../../wire/index.ts';
import { childOf } from './convert.ts';

/** The hash mechanisms that boshd can do, the strongest binding to TLS first (XEP-0484 §6: binding MUST be preferred). */
export const FAST_MECHANISMS = ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-NONE'] as const;
export type FastMechanism = (typeof FAST_MECHANISMS)[number];

/** What binds to the TLS of a link, of which boshd is an end. */
export interface ChannelBindings {
  /** tls-exporter (RFC 9266); undefined where the link's TLS has none that is safe. */
  readonly exporter: ByteString | undefined;
  /** tls-server-end-point (RFC 5929 §4). */
  readonly endPoint: ByteString | undefined;
}

/** A FAST token and whom it authenticates. In memory only; never logged. */
export interface Credential {
  readonly mechanism: FastMechanism;
  /** Bare JID, for the stream header, and its local part, which logs in. */
  readonly jid: string;
  readonly user: string;
  /** The client that the token was given to: a fresh UUID for each session. */
  readonly agent: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** How often the token was used (XEP-0484 §3.4). */
  readonly count: number;
}

/** Data of a mechanism's channel binding on a link; undefined: it cannot be used there. */
export function bindingOf(
  mechanism: FastMechanism,
  bindings: ChannelBindings | undefined,
): ByteString | undefined {
  if (mechanism === 'HT-SHA-256-NONE') return ascii('');
  return mechanism === 'HT-SHA-256-EXPR' ? bindings?.exporter : bindings?.endPoint;
}

/** The best of what is offered that can be used on the link. Where nothing is offered, the one without binding is tried. */
export function chooseMechanism(
  offered: readonly string[],
  bindings: ChannelBindings | undefined,
): FastMechanism | undefined {
  if (offered.length === 0) return 'HT-SHA-256-NONE';
  return FAST_MECHANISMS.find(
    (mechanism) => offered.includes(mechanism) && bindingOf(mechanism, bindings) !== undefined,
  );
}

/** A token in <success/>: none where it is missing or makes no sense. */
export function readToken(
  success: XmlElement,
): { readonly token: string; readonly expiresAt: number } | undefined {
  const tag = childOf(success, 'token', NS.fast);
  const token = tag?.attributes.get('token');
  const expiresAt = parseDateTime(tag?.attributes.get('expiry') ?? '');
  return token === undefined || token === '' || expiresAt === undefined ? undefined : { token, expiresAt };
}

export function isUsable({ expiresAt }: Credential, now: Instant, toolbox: Toolbox): boolean {
  return toolbox.unixTimeMs(now) < expiresAt;
}

/** The initial response of the HT mechanisms: who, and a hash that only the token can make, in base64. */
export function initiatorMessage(
  { user, token }: Credential,
  binding: ByteString,
  toolbox: Toolbox,
): ByteString {
  const hash = hashOf(token, 'Initiator', binding, toolbox);
  return toolbox.toBase64(ascii(`${toolbox.encodeUtf8(user)}\0${hash}`));
}

/** Whether the server, too, knows the token: without this anybody could say that we are logged in. */
export function isResponder(
  { token }: Credential,
  binding: ByteString,
  answer: string | undefined,
  toolbox: Toolbox,
): boolean {
  if (answer === undefined) return false;
  return isSame(toolbox.toBase64(hashOf(token, 'Responder', binding, toolbox)), answer);
}

function hashOf(token: string, role: string, binding: ByteString, toolbox: Toolbox): ByteString {
  const hex = toolbox.hmacSha256Hex(toolbox.encodeUtf8(token), ascii(role + binding));
  return ascii(hex.replace(/../g, (digits) => String.fromCharCode(Number.parseInt(digits, 16))));
}

/** In a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

/** A random UUID of version 4 (RFC 9562 §5.4): the user agent's id (XEP-0388 §2.3). */
export function randomUuid(toolbox: Toolbox): string {
  let hex = '';
  for (const [place, byte] of [...toolbox.randomBytes(16)].entries()) {
    const value = place === 6 ? (byte & 0x0f) | 0x40 : place === 8 ? (byte & 0x3f) | 0x80 : byte;
    hex += value.toString(16).padStart(2, '0');
  }
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
