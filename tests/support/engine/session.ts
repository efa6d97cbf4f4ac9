import { ascii, type Instant, instantOf } from '@boshd/engine/kit';
import {
  createSession,
  DEFAULT_SESSION_LIMITS,
  deliver,
  loggedIn,
  type Session,
  type SessionLimits,
  type SessionWork,
  type Turn,
} from '@boshd/engine/session';
import { CLIENT_XML_LIMITS, type DecodedBody, decodeBody, NS, type Payload } from '@boshd/engine/wire';
import { nodeToolbox } from '../../../packages/server/src/toolbox.ts';

export const toolbox = nodeToolbox();

/** What the attributes and payloads make together as a request's <body/>. */
export function bodyOf(attributes: string, payloads = ''): DecodedBody {
  const text = `<body ${attributes} xmlns='${NS.httpbind}'>${payloads}</body>`;
  const decoded = decodeBody(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
  if (!decoded.ok) throw new Error(decoded.fault.detail);
  return decoded.value;
}

export function stanza(text: string): Payload {
  return {
    bytes: ascii(`<message xmlns='jabber:client'>${text}</message>`),
    name: 'message',
    namespace: NS.client,
  };
}

/** A turn at an instant, with a list of the work that followed. */
export function turnAt(ms: number): Turn & { readonly work: SessionWork[]; readonly now: Instant } {
  return { now: instantOf(ms), toolbox, work: [] };
}

/** A session at instant 0 that is logged in, its creation request (rid 1) answered. */
export function openSession(asked = '', limits: Partial<SessionLimits> = {}): Session {
  const birth = { request: 1, site: 'default', domain: 'example.org', address: '192.0.2.1', secure: true };
  const turn = turnAt(0);
  const body = bodyOf(`rid='1' to='example.org' ver='1.11' ${asked}`);
  const session = createSession(birth, body, { ...DEFAULT_SESSION_LIMITS, ...limits }, turn);
  serverSends(session, [], turn);
  loggedIn(session);
  return session;
}

/** The server of a session's first stream sends payloads. */
export function serverSends(session: Session, payloads: readonly Payload[], turn: Turn): void {
  const [stream] = session.streams.open;
  if (stream === undefined) throw new Error('a session has a stream');
  deliver(session, stream, payloads, turn);
}
