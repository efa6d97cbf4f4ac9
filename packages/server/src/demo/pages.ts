import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ByteString, Toolbox } from '@boshd/engine/kit';
import { nodeToolbox } from '../toolbox.ts';
import { DEMO_DOMAIN } from './stream/server.ts';

export interface DemoPagesOptions {
  /** Path of the BOSH URL on the page's own origin. Default `/http-bind`. */
  readonly service?: string;
  /** Where guests come in. Default `demo.localhost`. */
  readonly domain?: string;
  /** The file at `/`. Default `index.html`. */
  readonly index?: string;
}

/** One file of the page, ready to be sent. */
export interface DemoPage {
  readonly status: 200;
  readonly contentType: string;
  readonly body: ByteString;
  readonly contentSecurityPolicy: string;
}

/** The files as they are in the repository and in the package: nothing is built. */
const FOLDER = new URL('../../src/demo/page/', import.meta.url);
const PACKED_STROPHE = new URL('../../vendor/strophe.esm.js', import.meta.url);

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

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
 * The page of `boshd demo`: its own files at `/` and `/demo/...`, and beside them Strophe.js as its npm package has it.
 *
 * @returns what a path shows; undefined for paths that are not the page's
 * @throws Error when files of the package are missing
 */
export function demoPages({
  service = '/http-bind',
  domain = DEMO_DOMAIN,
  index = 'index.html',
}: DemoPagesOptions = {}): (request: { readonly path: string }) => DemoPage | undefined {
  const toolbox = nodeToolbox();
  const pages = new Map<string, DemoPage>();
  for (const file of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
    const contentType = CONTENT_TYPES[extname(file)];
    if (contentType === undefined) continue;
    const path = file === index ? '/' : `/demo/${file.replaceAll('\\', '/')}`;
    pages.set(path, page(contentType, fileBytes(new URL(file, FOLDER), toolbox)));
  }
  pages.set(
    '/demo/settings.js',
    script(`export const settings = ${JSON.stringify({ service, domain })};\n`, toolbox),
  );
  pages.set('/demo/strophe.js', page(CONTENT_TYPES['.js'] ?? '', fileBytes(stropheFile(), toolbox)));
  return ({ path }) => pages.get(path);
}

/** The build of Strophe for browsers, unmodified: in boshd's npm package a file, in the repository that of its own package. */
function stropheFile(): URL {
  if (existsSync(PACKED_STROPHE)) return PACKED_STROPHE;
  const entry = createRequire(import.meta.url).resolve('strophe.js');
  return new URL('strophe.esm.js', pathToFileURL(entry));
}

function page(contentType: string, body: ByteString): DemoPage {
  return { status: 200, contentType, body, contentSecurityPolicy: CONTENT_SECURITY_POLICY };
}

function script(text: string, toolbox: Toolbox): DemoPage {
  return page(CONTENT_TYPES['.js'] ?? '', toolbox.encodeUtf8(text));
}

function fileBytes(url: URL, toolbox: Toolbox): ByteString {
  const bytes = readFileSync(url);
  return toolbox.toByteString(bytes, 0, bytes.length);
}
