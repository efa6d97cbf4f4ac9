import { type Headers, headerOf } from './head.ts';

/** What proxies said of a request. */
export interface Forwarded {
  /** As written, the one that the nearest proxy saw last. */
  readonly addresses: readonly string[];
  /** In lower case, as the nearest proxy has it. */
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/** X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, each with a value added by each proxy. */
export function readXForwarded(headers: Headers): Forwarded {
  const addresses = headerOf(headers, 'x-forwarded-for');
  return {
    addresses: addresses === undefined ? [] : addresses.split(',').map((each) => each.trim()),
    proto: lastOf(headerOf(headers, 'x-forwarded-proto'))?.toLowerCase(),
    host: lastOf(headerOf(headers, 'x-forwarded-host')),
  };
}

function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1).trim();
}

/** One `name=value` of Forwarded, or what parts it from the next: RFC 7239 §4. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]*)))?[ \t]*([;,]|$)/y;

/** Forwarded (RFC 7239 §4): an element by each proxy, the nearest last. Undefined: it can not be read. */
export function readForwarded(headers: Headers): Forwarded | undefined {
  const elements = elementsOf(headerOf(headers, 'forwarded') ?? '');
  if (elements === undefined) return undefined;
  const last = elements.at(-1);
  return {
    addresses: elements.map((element) => element.get('for') ?? ''),
    proto: last?.get('proto')?.toLowerCase(),
    host: last?.get('host'),
  };
}

function elementsOf(text: string): Map<string, string>[] | undefined {
  const elements: Map<string, string>[] = [];
  let element = new Map<string, string>();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text);
    if (match === null) return undefined;
    const [, name, quoted, token, end] = match;
    if (name !== undefined) element.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
    if (end === ';') continue;
    elements.push(element);
    element = new Map();
  }
  return elements;
}
