import type { Condition, FramerFault } from './wire/index.ts';

interface ReasonFacts {
  /** What a person can act on: what happened and what to look at. */
  readonly text: string;
  /** The condition that a client over BOSH receives. Never more: the detail would be a port scanner's oracle. Undefined: a plain terminate. */
  readonly condition: Condition | undefined;
  /** The stream error that a client over WebSocket receives (RFC 6120 §4.9.3). Absent: the one that `STREAM_ERRORS` has for the condition. */
  readonly streamError?: string;
}

/** Conditions of XEP-0124 §17.2 that RFC 6120 §4.9.3 has under another name, or not at all. */
const STREAM_ERRORS: Readonly<Partial<Record<Condition, string>>> = {
  'bad-request': 'bad-format',
  'item-not-found': 'connection-timeout',
  'remote-stream-error': 'undefined-condition',
};

/**
 * Why a stream could not be had, or a session, stream or WebSocket ended: every end has a row here and nowhere else. The keys stand in
 * logs and metrics, and are kept by session id; docs/reasons.md is made of the table.
 */
const REASONS = {
  'dns-no-such-domain': {
    text: 'The domain does not exist in the DNS.',
    condition: 'remote-connection-failed',
  },
  'dns-no-service': {
    text: 'The DNS names no XMPP server for the domain: its SRV records say so, or there is no address; look at both.',
    condition: 'remote-connection-failed',
  },
  'dns-timeout': {
    text: 'The DNS did not answer in time; look at the resolver, and at the name servers of the domain.',
    condition: 'remote-connection-failed',
  },
  'dns-failed': {
    text: 'The DNS answered with an error; look at the resolver, and at the name servers of the domain.',
    condition: 'remote-connection-failed',
  },
  'address-forbidden': {
    text: 'Every address of the domain is one that the address policy forbids (private, loopback, special purpose); allow it with an override of the domain.',
    condition: 'remote-connection-failed',
  },
  'port-forbidden': {
    text: 'The SRV records name only ports that the policy forbids.',
    condition: 'remote-connection-failed',
  },
  'connect-refused': {
    text: 'The XMPP server refused the connection; is it running, is the port right?',
    condition: 'remote-connection-failed',
  },
  'connect-timeout': {
    text: 'The XMPP server did not answer in time; look at firewalls and routes.',
    condition: 'remote-connection-failed',
  },
  'connect-unreachable': {
    text: 'There is no route to the XMPP server; look at the network, and at IPv6 where that is the only family.',
    condition: 'remote-connection-failed',
  },
  'connect-failed': { text: 'The XMPP server could not be reached.', condition: 'remote-connection-failed' },
  'tls-name-mismatch': {
    text: 'The certificate of the XMPP server is not for this domain.',
    condition: 'remote-connection-failed',
  },
  'tls-untrusted': {
    text: 'The certificate of the XMPP server is not signed by a trusted authority.',
    condition: 'remote-connection-failed',
  },
  'tls-expired': {
    text: 'The certificate of the XMPP server has expired or is not valid yet.',
    condition: 'remote-connection-failed',
  },
  'tls-failed': {
    text: 'No TLS could be agreed with the XMPP server.',
    condition: 'remote-connection-failed',
  },
  'tls-not-offered': {
    text: 'The XMPP server offers no STARTTLS, and TLS is required.',
    condition: 'remote-connection-failed',
  },
  'not-xmpp': {
    text: 'What answered is not an XMPP server, or sent malformed XML.',
    condition: 'remote-connection-failed',
  },
  'declarations-too-long': {
    text: 'The XMPP server declares more than 1 KiB of namespace prefixes on its stream root, which stanzas that use them would repeat; that is a fault of the server, or an attack.',
    condition: 'remote-connection-failed',
  },
  'server-limit': {
    text: 'Before the log-in, the XMPP server sent more than a limit allows; the detail names the limit and its key.',
    condition: 'remote-connection-failed',
  },
  'no-sasl': {
    text: 'The XMPP server offers no SASL mechanism that works through a connection manager, and no other log-in.',
    condition: 'remote-connection-failed',
  },
  'redirect-refused': {
    text: 'The XMPP server redirected to another host (see-other-host) before TLS, too often, or to none.',
    condition: 'remote-stream-error',
  },
  'negotiation-timeout': {
    text: 'The XMPP server did not send its stream features in time.',
    condition: 'remote-connection-failed',
  },
  'stream-error': {
    text: 'The XMPP server ended the stream with an error.',
    condition: 'remote-stream-error',
  },
  // Not a plain terminate: Smack takes that for its own wish and does not come back.
  'stream-closed': { text: 'The XMPP server closed the stream.', condition: 'internal-server-error' },
  'server-silent': {
    text: 'The XMPP server did not answer a request for acknowledgement (XEP-0198) in time: the connection is dead, or the server hangs.',
    condition: 'internal-server-error',
  },
  'not-resumed': {
    text: 'The connection to the XMPP server broke, and the stream could not be taken up again over another one.',
    condition: 'internal-server-error',
  },
  'bad-acknowledgement': {
    text: 'The XMPP server acknowledged (XEP-0198) more than it was sent: its stream management is broken.',
    condition: 'internal-server-error',
  },
  'link-lost': { text: 'The connection to the XMPP server broke.', condition: 'internal-server-error' },
  'server-flood': {
    text: 'The XMPP server sent more than the client took over its WebSocket: it was not read for longer than session.queueFull, or grew beyond session.queueBytesMax.',
    condition: 'policy-violation',
  },
  'client-terminated': { text: 'The client ended the session.', condition: undefined },
  'client-lost': {
    text: 'The WebSocket of the client was lost, or closed without a farewell.',
    condition: 'item-not-found',
  },
  'client-left': {
    text: 'The page that the client ran in was closed or left (WebSocket status 1001).',
    condition: 'item-not-found',
  },
  'login-refused': {
    text: 'The XMPP server refused the log-in, and no other succeeded: the detail names the mechanism and the condition (not-authorized: a wrong name or password), and how the session ended then.',
    condition: undefined,
  },
  'client-inactive': {
    text: 'The client made no request for longer than the inactivity period.',
    condition: 'item-not-found',
  },
  'creation-unconfirmed': {
    text: 'The client never took up the session it had created.',
    condition: 'item-not-found',
  },
  unclaimed: {
    text: 'The session was logged in for a page (prebind), and no page has claimed it in time; look at whether the page gets sid and rid, and how soon.',
    condition: 'item-not-found',
  },
  'login-timeout': {
    text: 'The client did not log in within the time allowed for it.',
    condition: 'policy-violation',
  },
  'prelogin-flood': {
    text: 'The XMPP server sent more before the log-in than any needs.',
    condition: 'remote-connection-failed',
  },
  'prelogin-bytes': {
    text: 'The client sent more before its log-in than is allowed.',
    condition: 'policy-violation',
  },
  'bad-rid': { text: 'The client sent a rid beyond the window.', condition: 'item-not-found' },
  'bad-key': { text: 'The client sent a wrong key, or none.', condition: 'item-not-found' },
  'too-many-streams': {
    text: 'The client asked for more streams in one session than it may have.',
    condition: 'policy-violation',
  },
  'bad-stream': {
    text: 'The client named a stream that is not of its session.',
    condition: 'item-not-found',
  },
  'bad-content': {
    text: 'The client sent a <body/> that cannot be accepted (the detail names why), and the session cannot go on without it: nobody is logged in yet, its rid cannot be read, or the client counts stanzas itself.',
    condition: 'bad-request',
  },
  'too-many-requests': {
    text: 'The client made more simultaneous requests than it was allowed.',
    condition: 'policy-violation',
  },
  'too-frequent': {
    text: 'The client polled more often than it was allowed.',
    condition: 'policy-violation',
  },
  'too-many-repeats': { text: 'The client repeated one request too often.', condition: 'policy-violation' },
  'pause-too-long': {
    text: 'The client asked for a longer pause than maxpause.',
    condition: 'policy-violation',
  },
  'client-flood': {
    text: 'The client sent more than the XMPP server took, beyond the limit.',
    condition: 'policy-violation',
  },
  'no-domain': {
    text: 'The creation request has no usable to attribute, and there is no default domain.',
    condition: 'improper-addressing',
  },
  'domain-refused': {
    text: 'The domain is not one that this site may connect to.',
    condition: 'host-unknown',
  },
  'domain-gone': {
    text: 'The domain was served once, and is not any more (domains.gone).',
    condition: 'host-gone',
  },
  'sent-elsewhere': {
    text: 'New sessions are to be had at another URI (seeOther), which the client was told.',
    condition: 'see-other-uri',
  },
  'too-many-sessions': {
    text: 'The limit on sessions is reached.',
    condition: 'policy-violation',
    streamError: 'resource-constraint',
  },
  'memory-short': {
    text: 'What sessions hold in memory is at its limit (limits.memoryBytesMax, limits.memoryBytesPerAddressMax): sessions before log-in end, and none is created.',
    condition: 'policy-violation',
    streamError: 'resource-constraint',
  },
  'too-many-failed-logins': {
    text: 'Too many log-ins were refused by XMPP servers; somebody may be trying passwords.',
    condition: 'policy-violation',
  },
  'too-much-traffic': {
    text: 'The client sent more than is allowed in the long run.',
    condition: 'policy-violation',
  },
  'declared-over': {
    text: 'Other members of the cloud could not reach this one, and told the client that its session is over; look at the mesh between them.',
    condition: 'internal-server-error',
  },
  'not-restored': {
    text: 'The process that served the session is gone, and the record of the session cannot be read by the next one: it is of another version of boshd, or damaged.',
    condition: 'internal-server-error',
  },
  poison: {
    text: 'Workers of boshd died again and again of what came for this session, so that it ends alone: a fault of boshd, or an attack; look at what the workers logged before they died.',
    condition: 'internal-server-error',
  },
  'ended-by-operator': {
    text: 'The operator ended the session (boshd kick).',
    condition: 'policy-violation',
  },
  shutdown: { text: 'boshd is being stopped.', condition: 'system-shutdown' },
} as const satisfies Record<string, ReasonFacts>;

/** Why a stanza of an XMPP server was not passed on, by the code of the fault; the session goes on. */
const SKIPPED: Readonly<Record<FramerFault['code'], string>> = {
  'stanza-too-large': 'It has more bytes than the limit.',
  'too-deep': 'Its elements are nested deeper than the limit.',
  'too-many-attributes': 'An element has more attributes and namespace declarations than the limit.',
  'name-too-long': 'A name of an element or attribute is longer than the limit.',
  'not-namespace-well-formed':
    'It is XML, but breaks the rules of namespaces: a prefix that is not declared, an attribute twice.',
  'restricted-xml': 'It has a comment or a processing instruction, which XMPP does not allow.',
  'not-xmpp': 'It is text between the stanzas, which XMPP does not allow.',
  'not-well-formed': 'It is not well-formed, which ends the stream.',
  'too-many-declarations': 'It is the root of the stream, and declares too much, which ends the stream.',
  'not-utf8': 'It is not in UTF-8, which ends the stream.',
};

export type SkipCode = FramerFault['code'];

/** Those that end no stream by themselves. */
export const SKIP_CODES: readonly SkipCode[] = [
  'too-deep',
  'too-many-attributes',
  'name-too-long',
  'stanza-too-large',
  'not-namespace-well-formed',
  'restricted-xml',
  'not-xmpp',
];

export function skippedFacts(code: SkipCode): string {
  return SKIPPED[code];
}

export type Reason = keyof typeof REASONS;

export function reasonFacts(reason: Reason): ReasonFacts {
  return REASONS[reason];
}

export const ALL_REASONS: readonly Reason[] = Object.keys(REASONS).map((name) => name as Reason);

/**
 * The condition that a client receives for a stream that is over, the same over BOSH and over WebSocket. Converse and others
 * give up for good on remote-connection-failed, so only a stream that never came to be ends with it (XEP-0124 §17.2).
 *
 * @param wasUp the server's features had arrived
 */
export function conditionOf(reason: Reason, wasUp: boolean): Condition | undefined {
  const { condition } = reasonFacts(reason);
  if (condition === 'remote-connection-failed' || condition === 'internal-server-error')
    return wasUp ? 'internal-server-error' : 'remote-connection-failed';
  return condition;
}

/**
 * The stream error that a client over WebSocket receives for a reason.
 *
 * @param wasUp the server's features had arrived
 */
export function streamErrorOf(reason: Reason, wasUp: boolean): string {
  const condition = conditionOf(reason, wasUp) ?? 'undefined-condition';
  return (
    reasonFacts(reason).streamError ??
    (STREAM_ERRORS as Readonly<Partial<Record<string, string>>>)[condition] ??
    condition
  );
}
