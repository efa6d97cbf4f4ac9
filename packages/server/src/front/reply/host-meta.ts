import type { ByteString, Toolbox } from '@boshd/engine/kit';
import { attribute } from '@boshd/engine/wire';
import type { Page, PageRequest, Pages } from './pages.ts';

/** What a site tells clients of how to reach it (XEP-0156). */
export interface Discovery {
  /** The URLs, the preferred first; empty: one is made of the host that was asked and of `boshPath`. */
  readonly boshUrls: readonly string[];
  readonly websocketUrls: readonly string[];
  /** Undefined: the site has none. */
  readonly boshPath: string | undefined;
  readonly websocketPath: string | undefined;
}

interface Link {
  readonly rel: string;
  readonly href: string;
}

const XML_PATH = '/.well-known/host-meta';
const JSON_PATH = '/.well-known/host-meta.json';
const XBOSH = 'urn:xmpp:alt-connections:xbosh';
const WEBSOCKET = 'urn:xmpp:alt-connections:websocket';

/** A host that may stand in a URL: what else a client puts into Host is not repeated. */
const HOST = /^(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;
/** A machine itself, where a page may use http as if it were https, and where boshd is tried out. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * `/.well-known/host-meta` and `host-meta.json` of the sites in the map; others have none. Any page may read them, since
 * they say nothing that is not public, and are of no use to a browser otherwise.
 */
export function hostMetaPages(bySite: ReadonlyMap<string, Discovery>, toolbox: Toolbox): Pages {
  return (request) => {
    const { path, site } = request;
    if (path !== XML_PATH && path !== JSON_PATH) return undefined;
    const discovery = site === undefined ? undefined : bySite.get(site);
    if (discovery === undefined) return undefined;
    const links = linksOf(discovery, request);
    return path === XML_PATH
      ? page('application/xrd+xml; charset=utf-8', xrdOf(links, toolbox))
      : page('application/json', toolbox.encodeUtf8(`${JSON.stringify({ links })}\n`));
  };
}

function page(contentType: string, body: ByteString): Page {
  return { status: 200, contentType, body, anyOrigin: true };
}

function linksOf(discovery: Discovery, request: PageRequest): readonly Link[] {
  const { boshUrls, websocketUrls, boshPath, websocketPath } = discovery;
  return [
    ...links(XBOSH, boshUrls, derived('http', boshPath, request)),
    ...links(WEBSOCKET, websocketUrls, derived('ws', websocketPath, request)),
  ];
}

/** XEP-0156 §2.2 gives the order no meaning; Converse takes the last one, so the preferred one is the last. */
function links(rel: string, urls: readonly string[], otherwise: string | undefined): readonly Link[] {
  const all = urls.length > 0 ? urls : otherwise === undefined ? [] : [otherwise];
  return [...all].reverse().map((href) => ({ rel, href }));
}

/**
 * XEP-0156 §2.2 allows https and wss only. Whether the client came by TLS is not asked, for a proxy that makes it need not
 * say so; only a machine itself may be without.
 */
function derived(
  scheme: 'http' | 'ws',
  path: string | undefined,
  { host, secure }: PageRequest,
): string | undefined {
  if (path === undefined || host === undefined || !HOST.test(host)) return undefined;
  const isPlain = !secure && LOOPBACK.test(host);
  return `${scheme}${isPlain ? '' : 's'}://${host.toLowerCase()}${path}`;
}

/** RFC 6415 §3.1 */
function xrdOf(all: readonly Link[], toolbox: Toolbox): ByteString {
  const written = all.map(
    ({ rel, href }) => `  <Link${attribute('rel', rel, toolbox)}${attribute('href', href, toolbox)}/>\n`,
  );
  return `<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n${written.join('')}</XRD>\n` as ByteString;
}
