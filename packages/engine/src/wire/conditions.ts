/** One terminal binding condition (XEP-0124 §17.2): everything about it stands in this table. */
interface ConditionFacts {
  /** What it tells the client. */
  readonly purpose: string;
  /** The status that a client without `ver` gets instead of a <body/> (XEP-0124 §17.1); undefined: 200 and the <body/>. */
  readonly legacyStatus: 400 | 403 | 404 | undefined;
  /** What the client should do next. */
  readonly next: 'correct the request' | 'create a new session' | 'try later' | 'give up' | 'go to the uri';
}

const CONDITIONS = {
  'bad-request': {
    purpose: 'The format of an HTTP header or of the <body/> is unacceptable.',
    legacyStatus: 400,
    next: 'correct the request',
  },
  'host-gone': {
    purpose: 'The domain is no longer served here.',
    legacyStatus: undefined,
    next: 'give up',
  },
  'host-unknown': {
    purpose: 'The domain is not one that this service connects to.',
    legacyStatus: undefined,
    next: 'give up',
  },
  'improper-addressing': {
    purpose: 'The creation request names no usable domain.',
    legacyStatus: undefined,
    next: 'correct the request',
  },
  'internal-server-error': {
    purpose: 'The connection manager failed or lost what it needs to go on.',
    legacyStatus: undefined,
    next: 'create a new session',
  },
  'item-not-found': {
    purpose: 'The sid, stream, rid or key is not valid, or a reply can not be sent again.',
    legacyStatus: 404,
    next: 'create a new session',
  },
  'other-request': {
    purpose: 'Another request being processed ended the session.',
    legacyStatus: undefined,
    next: 'create a new session',
  },
  'policy-violation': {
    purpose: 'The client broke the rules of the session, or of this service.',
    legacyStatus: 403,
    next: 'try later',
  },
  'remote-connection-failed': {
    purpose: 'The XMPP server could not be reached, or not securely.',
    legacyStatus: undefined,
    next: 'try later',
  },
  'remote-stream-error': {
    purpose: 'The XMPP server ended the stream with an error, which is inside.',
    legacyStatus: undefined,
    next: 'create a new session',
  },
  'see-other-uri': {
    purpose: 'The service is at another URI, which is inside.',
    legacyStatus: undefined,
    next: 'go to the uri',
  },
  'system-shutdown': {
    purpose: 'The connection manager is being shut down.',
    legacyStatus: undefined,
    next: 'try later',
  },
  'undefined-condition': {
    purpose: 'Something that no other condition names.',
    legacyStatus: undefined,
    next: 'create a new session',
  },
} as const satisfies Record<string, ConditionFacts>;

export type Condition = keyof typeof CONDITIONS;

export function conditionFacts(condition: Condition): ConditionFacts {
  return CONDITIONS[condition];
}

export const ALL_CONDITIONS: readonly Condition[] = Object.keys(CONDITIONS).map((name) => name as Condition);
