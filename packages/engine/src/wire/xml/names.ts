/** The namespaces that boshd speaks, each with where it is defined. */
export const NS = {
  /** XEP-0124 §6 */
  httpbind: 'http://jabber.org/protocol/httpbind',
  /** XEP-0206 §3 */
  xbosh: 'urn:xmpp:xbosh',
  /** Not in any XEP: what Swift declares for the xmpp: attributes. */
  xboshOfSwift: 'urn:xmpp:bosh',
  /** RFC 7395 §3.3.2 */
  framing: 'urn:ietf:params:xml:ns:xmpp-framing',
  /** RFC 6120 §4.8.1 */
  stream: 'http://etherx.jabber.org/streams',
  /** RFC 6120 §4.8.2 */
  client: 'jabber:client',
  /** RFC 6120 §4.9.2 */
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams',
  /** RFC 6120 §8.3.2 */
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  /** RFC 6120 §5.4.1 */
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
  /** RFC 6120 §6.4.1 */
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  /** RFC 6120 §7.4 */
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  /** RFC 3921 §3 */
  legacySession: 'urn:ietf:params:xml:ns:xmpp-session',
  /** XEP-0078 §3 */
  legacyAuth: 'jabber:iq:auth',
  register: 'jabber:iq:register',
  /** XEP-0138 §5 */
  compressFeature: 'http://jabber.org/features/compress',
  /** XEP-0198 §4 */
  streamManagement: 'urn:xmpp:sm:3',
  /** XEP-0045 §16.1 */
  mucUser: 'http://jabber.org/protocol/muc#user',
  /** XEP-0388 */
  sasl2: 'urn:xmpp:sasl:2',
  /** XEP-0386 */
  bind2: 'urn:xmpp:bind:0',
  /** XEP-0484 */
  fast: 'urn:xmpp:fast:0',
  /** XEP-0440 */
  channelBinding: 'urn:xmpp:sasl-cb:0',
  /** XML namespaces, §3 */
  xml: 'http://www.w3.org/XML/1998/namespace',
  xmlns: 'http://www.w3.org/2000/xmlns/',
} as const;
