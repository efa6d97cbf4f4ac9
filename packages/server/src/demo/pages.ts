import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ByteString, Toolbox } from '@boshd/engine/kit';
import { nodeToolbox } from '../toolbox.ts';
import { DEMO_DOMAIN } from './stream/server.ts';

export interface DemoPagesOptions {
  /** Path of the BOSH URL on the page's own origin. Default `/http-bind`. */
  readonly service?: string;
  /** Path of the WebSocket URL. Default `/xmpp-websocket`. */
  readonly webSocket?: string;
  /** Where guests come in. Default `demo.localhost`. */
  readonly domain?: string;
  /** The file at `/`. Default `index.html`. */
  readonly index?: string;
  /** The page may kill the process that serves it. Undefined: it may not. */
  readonly worker?: DemoWorker | undefined;
}

/** The process that serves the page, where another takes over when it dies. */
interface DemoWorker {
  readonly pid: number;
  kill(): void;
}

/** One file of the page, ready to be sent. */
export interface DemoPage {
  readonly status: 200 | 403;
  readonly contentType: string;
  readonly body: ByteString;
  readonly contentSecurityPolicy: string;
  readonly takesOrders?: boolean;
}

/** What is asked for: `order` of a POST. */
interface DemoRequest {
  readonly path: string;
  readonly order?: 'own' | 'foreign' | undefined;
}

/** The files as they are in the repository and in the package: of them nothing is built. */
const FOLDER = new URL('../../src/demo/page/', import.meta.url);
/** The client as pages without a bundler load it. */
const CLIENT_FILE = 'boshd-client.mjs';
const WORKER_PATH = '/demo/worker';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
/** Files of the folder that are not the page's. */
const OWN_TYPES = new Set(['.css', '.html', '.js', '.svg']);

/** Nothing but what comes from this origin as a file: no inline scripts or styles, no frames around it, no forms sent. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The page of `boshd demo`: its own files at `/` and `/demo/...`, beside them `@boshd/client`, and where there is one the process
 * that serves it.
 *
 * @returns what a path shows; undefined for paths that are not the page's
 * @throws Error when files of the package are missing
 */
export function demoPages({
  service = '/http-bind',
  webSocket = '/xmpp-websocket',
  domain = DEMO_DOMAIN,
  index = 'index.html',
  worker,
}: DemoPagesOptions = {}): (request: DemoRequest) => DemoPage | undefined {
  const toolbox = nodeToolbox();
  const pages = new Map<string, DemoPage>();
  for (const file of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
    const type = extname(file);
    if (!OWN_TYPES.has(type)) continue;
    const path = file === index ? '/' : `/demo/${file.replaceAll('\\', '/')}`;
    pages.set(path, page(type, fileBytes(new URL(file, FOLDER), toolbox)));
  }
  const settings = { service, webSocket, domain, worker: worker === undefined ? '' : WORKER_PATH };
  const settingsText = toolbox.encodeUtf8(`export const settings = ${JSON.stringify(settings)};\n`);
  pages.set('/demo/settings.js', page('.js', settingsText));
  pages.set('/demo/client.js', page('.js', fileBytes(clientFile(), toolbox)));
  return ({ path, order }) =>
    path === WORKER_PATH && worker !== undefined ? workerPage(worker, order, toolbox) : pages.get(path);
}

/** Tells the process, and kills it for the page itself. */
function workerPage(
  { pid, kill }: DemoWorker,
  order: DemoRequest['order'],
  toolbox: Toolbox,
): DemoPage | undefined {
  if (order === 'own') setTimeout(kill, KILL_AFTER_MS);
  const shown = page('.json', toolbox.encodeUtf8(JSON.stringify({ pid })));
  return { ...shown, status: order === 'foreign' ? 403 : 200, takesOrders: true };
}

/** So that the answer to the order is out. */
const KILL_AFTER_MS = 5;

/** Built into the package, and in the repository by `npm start` and `npm run build`. */
function clientFile(): URL {
  return new URL(CLIENT_FILE, pathToFileURL(createRequire(import.meta.url).resolve('@boshd/client')));
}

function page(type: string, body: ByteString): DemoPage {
  return {
    status: 200,
    contentType: CONTENT_TYPES[type] ?? '',
    body,
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
  };
}

function fileBytes(url: URL, toolbox: Toolbox): ByteString {
  const bytes = readFileSync(url);
  return toolbox.toByteString(bytes, 0, bytes.length);
}
