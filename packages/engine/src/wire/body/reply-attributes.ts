import type { Toolbox } from '../../kit/index.ts';
import { PLAIN, PREFIXED } from '../xml/attribute-records.ts';
import { nameText, valueText } from '../xml/known-text.ts';
import { NS } from '../xml/names.ts';
import type { XmlScanner } from '../xml/scanner.ts';

/**
 * The attributes of a reply's <body/>, whose start tag the scanner read last, as text: by name without a prefix, as
 * `xml:lang` in the xml namespace, else by `{namespace}name`. No declarations.
 */
export function readReplyAttributes(
  { tag, namespaces }: XmlScanner,
  bytes: Uint8Array,
  toolbox: Toolbox,
): ReadonlyMap<string, string> {
  const { attributes } = tag;
  const found = new Map<string, string>();
  for (let index = 0; index < attributes.count; index += 1) {
    const kind = attributes.kind(index);
    if (kind !== PLAIN && kind !== PREFIXED) continue;
    const value = valueText(bytes, attributes.valueAt(index), attributes.valueEnd(index), toolbox);
    const nameEnd = attributes.nameEnd(index);
    if (kind === PLAIN) {
      found.set(nameText(bytes, attributes.nameAt(index), nameEnd, toolbox), value);
      continue;
    }
    const colon = attributes.colon(index);
    const namespace = namespaces.namespaceOf(bytes, attributes.nameAt(index), colon);
    const local = nameText(bytes, colon + 1, nameEnd, toolbox);
    found.set(namespace === NS.xml ? `xml:${local}` : `{${namespace}}${local}`, value);
  }
  return found;
}
