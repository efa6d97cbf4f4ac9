import { readFileSync } from 'node:fs';
import { Markup } from './html.ts';

/** A file that the status page loads. */
interface Asset {
  readonly contentType: string;
  readonly text: string;
}

/** The look is that of the demo's page. The files are as in the repository and in the package: nothing is built. */
const FILES: Readonly<Record<string, readonly [contentType: string, file: string]>> = {
  '/page/base.css': ['text/css; charset=utf-8', '../../src/demo/page/base.css'],
  '/page/masthead.css': ['text/css; charset=utf-8', '../../src/demo/page/masthead.css'],
  '/page/icon.svg': ['image/svg+xml', '../../src/demo/page/icon.svg'],
  '/page/status.css': ['text/css; charset=utf-8', '../../src/admin/page/status.css'],
  '/page/status.js': ['text/javascript; charset=utf-8', '../../src/admin/page/status.js'],
};

/** Nothing but what comes from this listener as a file: no inline scripts or styles, no frames around it, no forms sent. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** In the head of the page: what it loads. */
export const PAGE_LINKS = new Markup(
  Object.keys(FILES)
    .map((path) => {
      if (path.endsWith('.css')) return `<link rel="stylesheet" href="${path}">`;
      if (path.endsWith('.js')) return `<script type="module" src="${path}"></script>`;
      return `<link rel="icon" href="${path}" type="image/svg+xml">`;
    })
    .join(''),
);

/** The file at that path; undefined: there is none. */
export function assetAt(path: string): Asset | undefined {
  const [contentType, file] = Object.hasOwn(FILES, path) ? (FILES[path] ?? []) : [];
  if (contentType === undefined || file === undefined) return undefined;
  return { contentType, text: readFileSync(new URL(file, import.meta.url), 'utf8') };
}
