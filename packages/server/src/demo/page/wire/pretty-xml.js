/**
 * XML as a person reads it: a line an element, what is secret hidden. Works on text alone, so that it shows what was
 * sent and not what a parser made of it.
 */

/**
 * @typedef {{ readonly kind: 'tag' | 'name' | 'value' | 'text' | 'hidden', readonly text: string }} Part
 * @typedef {{ readonly depth: number, readonly parts: readonly Part[] }} Line
 */

/** Elements whose text proves who somebody is: SASL, SASL2, FAST. */
const SECRET_ELEMENTS = new Set([
  'additional-data',
  'auth',
  'challenge',
  'initial-response',
  'response',
  'success',
]);
/** Attributes whose value lets its holder act for the user: XEP-0124 §9 and §15, XEP-0484. */
const SECRET_ATTRIBUTES = new Set(['sid', 'key', 'newkey', 'token']);

const HIDDEN = '••••••';
/** Characters of XML that are looked at; the rest is cut off. A page has better things to do. */
const CHARACTERS_MAX = 8000;

const TOKEN = /<(\/?)([^\s/>]+)((?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)|</g;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Lays XML out.
 *
 * @param {string} xml
 * @returns {Line[]}
 */
export function prettyXml(xml) {
  /** @type {Line[]} */
  const lines = [];
  /** @type {string[]} */
  const open = [];
  let ownLine = false;
  const shown = cut(xml);
  for (const match of shown.matchAll(TOKEN)) {
    const [whole, slash, name, attributes = '', empty, text] = match;
    if (name === undefined) {
      // White space between elements is layout already.
      if (whole.trim() === '') continue;
      addParts(lines, open.length, textParts(text ?? whole, open.at(-1)), ownLine);
    } else if (slash === '/') {
      open.pop();
      addParts(lines, open.length, [{ kind: 'tag', text: `</${name}>` }], ownLine);
      ownLine = false;
    } else {
      addParts(lines, open.length, tagParts(name, attributes, empty === '/'), false);
      if (empty !== '/') open.push(name);
      ownLine = empty !== '/';
    }
  }
  if (xml.length > CHARACTERS_MAX) {
    lines.push({
      depth: 0,
      parts: [{ kind: 'hidden', text: `… ${xml.length - CHARACTERS_MAX} more characters` }],
    });
  }
  return lines;
}

/**
 * Names of the elements directly inside the <body/>, in order.
 *
 * @param {string} xml
 * @returns {string[]}
 */
export function payloadNames(xml) {
  const names = [];
  let depth = 0;
  for (const [, slash, name, , empty] of cut(xml).matchAll(TOKEN)) {
    if (name === undefined) continue;
    if (slash === '/') depth -= 1;
    else {
      if (depth === 1) names.push(localName(name));
      if (empty !== '/') depth += 1;
    }
  }
  return names;
}

/**
 * The local name of the root element.
 *
 * @param {string} xml
 */
export function rootName(xml) {
  return localName(/<([^\s/>]+)/.exec(xml)?.[1] ?? '');
}

/**
 * One attribute of the root element.
 *
 * @param {string} xml
 * @param {string} name
 */
export function rootAttribute(xml, name) {
  const tag = /^\s*<[^>]*>/.exec(xml)?.[0] ?? '';
  for (const [, key, double, single] of tag.matchAll(ATTRIBUTE)) {
    if (key === name) return double ?? single;
  }
  return undefined;
}

/**
 * Never through a tag: half of one would be taken for text, and what is secret in it shown.
 *
 * @param {string} xml
 */
function cut(xml) {
  if (xml.length <= CHARACTERS_MAX) return xml;
  const start = xml.slice(0, CHARACTERS_MAX);
  const tag = start.lastIndexOf('<');
  return start.indexOf('>', tag) < 0 ? start.slice(0, tag) : start;
}

/**
 * @param {Line[]} lines
 * @param {number} depth of a new line
 * @param {readonly Part[]} parts
 * @param {boolean} sameLine whether they go behind what stands in the last line
 */
function addParts(lines, depth, parts, sameLine) {
  const last = sameLine ? lines.pop() : undefined;
  lines.push({ depth: last?.depth ?? depth, parts: [...(last?.parts ?? []), ...parts] });
}

/**
 * @param {string} text
 * @param {string | undefined} parent
 * @returns {Part[]}
 */
function textParts(text, parent) {
  const secret = SECRET_ELEMENTS.has(localName(parent ?? '')) && text.trim() !== '';
  return [secret ? { kind: 'hidden', text: HIDDEN } : { kind: 'text', text }];
}

/**
 * @param {string} name
 * @param {string} attributes
 * @param {boolean} empty
 * @returns {Part[]}
 */
function tagParts(name, attributes, empty) {
  /** @type {Part[]} */
  const parts = [{ kind: 'tag', text: `<${name}` }];
  for (const [, key = '', double, single] of attributes.matchAll(ATTRIBUTE)) {
    const secret = SECRET_ATTRIBUTES.has(key);
    parts.push({ kind: 'name', text: ` ${key}=` });
    parts.push(
      secret ? { kind: 'hidden', text: `'${HIDDEN}'` } : { kind: 'value', text: `'${double ?? single}'` },
    );
  }
  parts.push({ kind: 'tag', text: empty ? '/>' : '>' });
  return parts;
}

/** @param {string} name */
function localName(name) {
  return name.slice(name.indexOf(':') + 1);
}
