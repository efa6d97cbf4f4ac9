/* What scripted XMPP servers say (RFC 6120). Those of the simulation have words of their own. */

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams';

/** The start tag of a stream; `attributes` as they are written, behind a space. */
export function streamRoot(attributes = ''): string {
  return `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'${attributes}>`;
}

export const HEADER = `<?xml version='1.0'?>${streamRoot(" from='x.example'")}`;

export function featuresOf(inside: string): string {
  return `<stream:features>${inside}</stream:features>`;
}

export function mechanismsOf(...names: readonly string[]): string {
  const listed = names.map((name) => `<mechanism>${name}</mechanism>`).join('');
  return `<mechanisms xmlns='${SASL}'>${listed}</mechanisms>`;
}

/** To log in without TLS. */
export const PLAIN_FEATURES = featuresOf(mechanismsOf('PLAIN'));
export const TLS_FEATURES = featuresOf(`<starttls xmlns='${TLS}'><required/></starttls>`);
export const PROCEED = `<proceed xmlns='${TLS}'/>`;

/** All that a server says that ends the stream with an error. */
export function streamError(inside: string): string {
  return `${HEADER}<stream:error>${inside}</stream:error></stream:stream>`;
}

export function otherHost(host: string): string {
  return streamError(`<see-other-host xmlns='${ERRORS}'>${host}</see-other-host>`);
}
