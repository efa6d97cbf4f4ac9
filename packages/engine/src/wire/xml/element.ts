import { AssertionFailed, type ByteString, type Toolbox } from '../../kit/index.ts';

/**
 * A small tree of an element, for the few that boshd must understand itself (features, stream errors, SASL, bind).
 * Never on the way of a stanza.
 */
export interface XmlElement {
  /** Local name. */
  readonly name: string;
  /** Its namespace; '' for none. */
  readonly namespace: string;
  /** By local name where the attribute has no prefix, `xml:lang` style for the xml namespace, else `{namespace}name`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside, joined, references resolved. */
  readonly text: string;
}

/**
 * Reads a payload that the decoder or the framer gave out (anything else is our bug and fails an assertion). Prefix
 * `stream` and the default namespace jabber:client are taken as declared around it.
 */
export function readElement(payload: ByteString, toolbox: Toolbox): XmlElement {
  throw new AssertionFailed(`follows ${payload} ${toolbox}`);
}

/**
 * The element as XML that can stand anywhere in a stream or a <body/>: it declares its own namespaces, except prefix
 * `stream`, which is used for the streams namespace and is declared by both. Text goes before children.
 */
export function writeElement(element: XmlElement, toolbox: Toolbox): ByteString {
  throw new AssertionFailed(`follows ${element} ${toolbox}`);
}
