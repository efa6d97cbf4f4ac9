/** The namespaces that a log-in and a chat need, each with where it is defined. */
export const NS = {
  /** RFC 6120 §4.8.2 */
  client: 'jabber:client',
  /** RFC 6120 §4.8.1 */
  stream: 'http://etherx.jabber.org/streams',
  /** RFC 6120 §6.4.1 */
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  /** RFC 6120 §7.4 */
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  /** RFC 6120 §8.3.2 */
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  /** XEP-0199 §4 */
  ping: 'urn:xmpp:ping',
} as const;
