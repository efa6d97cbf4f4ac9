import type { XmlNode } from '@boshd/engine/client';

/** Why something failed. The codes are stable; a new one may come with a new version. */
export type ClientErrorCode = keyof typeof ADVICE;

/** By code: what the person in front of the page can do, in words that can be shown. */
const ADVICE = {
  /** No answer: the device has no network, the URL is wrong, or another origin does not let this page in (CORS). */
  unreachable: 'Check the network connection and try again.',
  /** Something answered, but it is no BOSH service; `status` is its HTTP status. */
  'not-bosh':
    'The address of the chat service is wrong, or the service is switched off. Tell the operator of this page.',
  /** HTTP 401 or 403: this page, its origin or this user may not use the service. */
  forbidden: 'This page may not use the chat service. Tell the operator of this page.',
  /** HTTP 429 or 503: too much to do at the moment. */
  busy: 'The chat service has too much to do at the moment. Try again in a minute.',
  /** The service could not connect to the XMPP server of the domain. */
  'server-unreachable': 'The chat server cannot be reached at the moment. Try again later.',
  /** The XMPP server does not know the domain. */
  'unknown-domain': 'The address is wrong: no chat server knows the part behind the @.',
  /** The service no longer has the session: it was restarted, or did not hear of the page for too long. */
  'session-lost': 'The connection was lost. Sign in again.',
  /** The same address signed in somewhere else and took its place. */
  replaced: 'You have signed in somewhere else.',
  /** The service or server ended the session because of a rule of its own. */
  'policy-violation': 'The chat service ended the connection because of its rules.',
  /** The XMPP server ended the stream; `condition` is what it said (RFC 6120 §4.9.3). */
  'stream-error': 'The chat server ended the connection. Sign in again.',
  /** The service is being stopped. */
  'shut-down': 'The chat service is being restarted. Try again in a minute.',
  /** The name, password or token is wrong. */
  'not-authorized': 'The name or the password is wrong.',
  /** The server offers no way to log in that the page can use. */
  'no-mechanism':
    'The chat server offers no way to sign in that this page knows. Tell the operator of this page.',
  /** The server did not prove that it knows the password (RFC 5802 §3): it may be somebody else. */
  'server-not-proven':
    'The chat server did not prove who it is. Do not sign in, and tell the operator of this page.',
  /** The page came over plain http: browsers give it no cryptography, and a password could be read on its way. */
  'insecure-page': 'This page is not encrypted. Open it with https:// to sign in.',
  /** The server would not bind a resource (RFC 6120 §7); `condition` is what it said. */
  'bind-refused': 'The chat server let you in, but gave you no address. Try again later.',
  /** Not an address like name@example.org. */
  'bad-address': 'The address must look like name@example.org.',
  /** A character that XML cannot carry. */
  'forbidden-character': 'The text holds a character that cannot be sent. Remove it and try again.',
  /** What was to be sent is not one whole XML element. */
  'not-xml': 'Something went wrong in this page. Tell its operator.',
  /** More waits to be sent than may wait. */
  'queue-full': 'Too much waits to be sent. Wait until the connection is back.',
  /** The session was over before it was sent. */
  'not-sent': 'It was not sent. Send it again.',
  /** It was sent, but the connection was lost before anybody confirmed it. */
  'in-doubt': 'It may not have arrived. Ask before you send it again.',
  /** No answer came in time. */
  timeout: 'No answer came. Try again.',
  /** The other side answered with an error; it is a `StanzaError`. */
  'stanza-error': 'It was refused by the other side.',
  /** More than 10,000 stanzas came, and nobody read them. */
  unread: 'Something went wrong in this page. Tell its operator.',
} as const;

/** Whether a service names one of the codes. */
export function isClientErrorCode(text: string): text is ClientErrorCode {
  return Object.hasOwn(ADVICE, text);
}

/** More about an error, where there is more. */
interface ErrorFacts {
  /** The condition that a service or server told. */
  readonly condition?: string | undefined;
  /** The HTTP status. */
  readonly status?: number | undefined;
  /** How long to wait before the next try, where the service said so (Retry-After). */
  readonly retryAfterMs?: number | undefined;
  /** What it comes from. */
  readonly cause?: unknown;
}

/**
 * Everything that can go wrong. `code` says what, for programs; `message` is for the log, `advice` for the person in front
 * of the page.
 *
 * @example
 * try {
 *   await connect({ url: '/http-bind', jid: 'juliet@example.org', password }).ready;
 * } catch (error) {
 *   if (error instanceof ClientError && error.code === 'not-authorized') askAgain(error.advice);
 *   else throw error;
 * }
 */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly code: ClientErrorCode;
  readonly condition: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, message: string, facts: ErrorFacts = {}) {
    const { condition, status, retryAfterMs, cause } = facts;
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.condition = condition;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** What the person in front of the page can do. English; translate by `code`. */
  get advice(): string {
    return ADVICE[this.code];
  }
}

/** A stanza of type `error` (RFC 6120 §8.3): what `iq` is rejected with. */
export class StanzaError extends ClientError {
  override readonly name = 'StanzaError';
  declare readonly code: 'stanza-error';
  /** `cancel`, `continue`, `modify`, `auth` or `wait`. */
  readonly type: string;
  /** In words, where the other side gave some. */
  readonly text: string | undefined;
  readonly stanza: XmlNode;

  constructor(stanza: XmlNode) {
    const error = stanza.child('error');
    const [condition] = error?.elements(undefined, STANZA_ERRORS).filter(({ name }) => name !== 'text') ?? [];
    const text = error?.child('text', STANZA_ERRORS)?.text;
    const named = condition?.name ?? 'undefined-condition';
    super('stanza-error', text ?? `the ${stanza.name} was refused: ${named}`, { condition: named });
    this.type = error?.attributes['type'] ?? 'cancel';
    this.text = text;
    this.stanza = stanza;
  }
}

const STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
