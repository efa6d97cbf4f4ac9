/** For programs that carry a log-in themselves, as boshd does when it logs in for a page. */
export { reasonOf } from './bosh/reasons.ts';
export { ClientError, type ClientErrorCode } from './errors.ts';
export { Login, type LoginOptions } from './xmpp/login.ts';
export type { Credentials } from './xmpp/sasl.ts';
