import type { ByteString, Toolbox } from '../../kit/index.ts';
import { PREFIX_DECLARATION } from '../xml/attribute-records.ts';
import { copyOf, isWord, word } from '../xml/chars.ts';
import { nameText, valueText } from '../xml/known-text.ts';
import { NS } from '../xml/names.ts';
import { firstOf, type OuterBinding } from '../xml/namespaces.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import type { Payload } from './payload.ts';

/**
 * What is declared around payloads where they come from, and so what a payload loses when it is put elsewhere.
 *
 * Both wrappers declare prefix `stream`, and each has a default namespace: httpbind the <body/>, jabber:client the
 * stream. An element of neither namespace, or with a prefix of its own, must not depend on what is around it.
 */
export interface PayloadScope {
  /** The default namespace around the payload, '' for none. */
  readonly defaultNamespace: string;
  /** ` xmlns='...'` for a payload that uses it, EMPTY where it comes right by itself on the other side. */
  readonly inherited: ByteString;
  readonly bindings: readonly OuterBinding[];
  /** Whether it comes from a <body/>: what is in httpbind or in no namespace is meant for jabber:client. */
  readonly fromBody: boolean;
}

const XML = word('xml');
const STREAM = word('stream');

/** What the other side takes an element of a <body/> for (XEP-0206 §2). */
export function meantBy(namespace: string): string {
  return namespace === NS.httpbind || namespace === '' ? NS.client : namespace;
}

/** The prefixes that the start tag read last declares, as outer bindings of what is inside. */
export function declaredPrefixes(
  scanner: XmlScanner,
  bytes: Uint8Array,
  fromBody: boolean,
  toolbox: Toolbox,
): OuterBinding[] {
  const { tag } = scanner;
  const bindings: OuterBinding[] = [];
  for (let index = 0; index < tag.attributes.count; index += 1) {
    if (tag.attributes.kind(index) !== PREFIX_DECLARATION) continue;
    const prefixAt = tag.attributes.colon(index) + 1;
    const prefixEnd = tag.attributes.nameEnd(index);
    if (isWord(bytes, prefixAt, prefixEnd, XML)) continue;
    const valueAt = tag.attributes.valueAt(index);
    const valueEnd = tag.attributes.valueEnd(index);
    const namespace = valueText(bytes, valueAt, valueEnd, toolbox);
    const quoted = toolbox.toByteString(bytes, valueAt - 1, valueEnd + 1);
    const value = fromBody && namespace === NS.httpbind ? `'${NS.client}'` : quoted;
    const prefix = toolbox.toByteString(bytes, prefixAt, prefixEnd);
    const declaration = ` xmlns:${prefix}=${value}` as ByteString;
    const first = firstOf(bindings, namespace);
    const identity = first < 0 ? bindings.length : first;
    bindings.push({ prefix: copyOf(bytes, prefixAt, prefixEnd), namespace, declaration, identity });
  }
  return bindings;
}

/** The namespace of the root that was scanned, as it is written. */
export function rootNamespace(
  scanner: XmlScanner,
  bytes: Uint8Array,
  defaultNamespace: string,
  toolbox: Toolbox,
): string {
  const { root } = scanner;
  if (root.colon < 0) {
    return root.defaultAt < 0 ? defaultNamespace : valueText(bytes, root.defaultAt, root.defaultEnd, toolbox);
  }
  if (root.prefixAt >= 0) return valueText(bytes, root.prefixAt, root.prefixEnd, toolbox);
  return scanner.namespaces.namespaceOf(bytes, root.nameAt, root.colon) ?? '';
}

/** Makes a payload of the element that was just scanned from `start` to `end`. */
export function cutPayload(
  scanner: XmlScanner,
  bytes: Uint8Array,
  start: number,
  end: number,
  scope: PayloadScope,
  toolbox: Toolbox,
): Payload {
  const { root, namespaces } = scanner;
  const name = nameText(bytes, root.localAt, root.nameEnd, toolbox);
  const written = rootNamespace(scanner, bytes, scope.defaultNamespace, toolbox);
  const namespace = scope.fromBody ? meantBy(written) : written;

  const own = namespaces.inheritsDefault ? scope.inherited : '';
  let repeated = '';
  for (const binding of namespaces.usedOuter) {
    // The <body/> around features and errors declares it (see encodeBody).
    if (namespace === NS.stream && isStreamPrefix(binding)) continue;
    repeated += binding.declaration;
  }
  const added = own + repeated;
  const misnamed = scope.fromBody && (root.colon >= 0 || (root.defaultAt >= 0 && written !== namespace));
  if (misnamed) return { bytes: renamed(scanner, bytes, start, end, added, toolbox), name, namespace };
  if (added === '') return { bytes: toolbox.toByteString(bytes, start, end), name, namespace };
  const head = toolbox.toByteString(bytes, start, root.nameEnd);
  const tail = toolbox.toByteString(bytes, root.nameEnd, end);
  const whole = `${head}${added}${tail}` as ByteString;
  if (scope.fromBody || repeated === '') return { bytes: whole, name, namespace };
  // Both are ropes of the same pieces, so the second costs no bytes.
  const inside = `${head}${own}${tail}` as ByteString;
  const outside = { bytes: inside, used: namespaces.usedOuter, root: scope.bindings };
  return { bytes: whole, name, namespace, outside };
}

/** Prefix `stream`, bound as both wrappers bind it. */
export function isStreamPrefix({ prefix, namespace }: OuterBinding): boolean {
  return namespace === NS.stream && isWord(prefix, 0, prefix.length, STREAM);
}

/** The element with `added` after its name, and jabber:client where its own declarations say httpbind or nothing. */
function renamed(
  scanner: XmlScanner,
  bytes: Uint8Array,
  start: number,
  end: number,
  added: string,
  toolbox: Toolbox,
): ByteString {
  const { root } = scanner;
  const values = [
    { at: root.defaultAt, end: root.defaultEnd },
    { at: root.prefixAt, end: root.prefixEnd },
  ];
  values.sort((one, other) => one.at - other.at);
  let text = `${toolbox.toByteString(bytes, start, root.nameEnd)}${added}`;
  let done = root.nameEnd;
  for (const value of values) {
    if (value.at < 0) continue;
    const namespace = valueText(bytes, value.at, value.end, toolbox);
    if (meantBy(namespace) === namespace) continue;
    text += `${toolbox.toByteString(bytes, done, value.at)}${NS.client}`;
    done = value.end;
  }
  return `${text}${toolbox.toByteString(bytes, done, end)}` as ByteString;
}
