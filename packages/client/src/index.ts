export { readXml, type XmlContent, XmlNode, xml } from '@boshd/engine/client';
export { type BoshOptions, BoshTransport } from './bosh/bosh.ts';
export { type ConnectOptions, connect } from './connect.ts';
export { ClientError, type ClientErrorCode, StanzaError } from './errors.ts';
export type { Transport, TransportEnd, TransportUser } from './transport/transport.ts';
export type { SessionState } from './xmpp/line.ts';
export { Sending, type SendingState } from './xmpp/sending.ts';
export { type RequestHandler, Session } from './xmpp/session.ts';
