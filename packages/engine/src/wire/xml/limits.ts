/** What XML from a peer may cost. */
export interface XmlLimits {
  /**
   * Bytes of one payload. Default 256 KiB from a client (the limit of most servers), 4 MiB from a server: its own limit of up
   * to 512 KiB grows up to six times when it escapes what it read (`&apos;`), and a roster of 9,000 has 1.1 MB.
   */
  readonly stanzaBytesMax: number;
  /** Elements within elements, the payload itself being 1. Default 64 from a client, 200 from a server. */
  readonly depthMax: number;
  /** Attributes of one element, namespace declarations included. Default 64 from a client, 16,384 from a server. */
  readonly attributesMax: number;
  /** Bytes of one element or attribute name, prefix included. Default 512 from a client, 64 KiB from a server. */
  readonly nameBytesMax: number;
}

export const CLIENT_XML_LIMITS: XmlLimits = {
  stanzaBytesMax: 256 * 1024,
  depthMax: 64,
  attributesMax: 64,
  nameBytesMax: 512,
};

/**
 * What a server passes on comes from strangers, so these bound memory and what clients can read, nothing else; what is beyond
 * them costs one stanza (see framing/stanza-framer.ts). Which depths clients read: docs/decisions/what-strangers-send.md.
 */
export const SERVER_XML_LIMITS: XmlLimits = {
  stanzaBytesMax: 4 * 1024 * 1024,
  depthMax: 200,
  attributesMax: 16_384,
  nameBytesMax: 64 * 1024,
};
