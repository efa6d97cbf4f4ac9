import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { demoPages } from './pages.ts';

const pages = demoPages();

function textOf(path: string): string {
  return Buffer.from(pages({ path })?.body ?? '', 'latin1').toString('utf8');
}

/** What a file asks the browser to load, as paths of the server. */
function references(path: string): readonly string[] {
  const base = new URL(path, 'http://localhost');
  const pattern = /(?:from '|import '|@import "|href="|src="|url\(")(?!#|http)([^'"]+)['"]/g;
  return [...textOf(path).matchAll(pattern)].map(([, target = '']) => new URL(target, base).pathname);
}

function reachable(): ReadonlySet<string> {
  const seen = new Set(['/']);
  for (const path of seen) {
    if (path === '/demo/strophe.js') continue;
    for (const target of references(path)) seen.add(target);
  }
  return seen;
}

describe('the demo page', () => {
  it('has every file that it refers to', () => {
    const all = reachable();
    expect(all.size).toBeGreaterThan(15);
    for (const path of all) expect([path, pages({ path })?.status]).toEqual([path, 200]);
  });

  it.each(['/demo/', '/demo/tsconfig.json', '/demo/strophe.d.ts', '/demo/../pages.ts', '/index.html'])(
    'does not show %s',
    (path) => {
      expect(pages({ path })).toBeUndefined();
    },
  );

  it('runs and loads nothing but files of its own origin', () => {
    for (const path of reachable()) {
      expect(pages({ path })?.contentSecurityPolicy).toMatch(/^default-src 'none'; script-src 'self'; /);
    }
    expect(textOf('/')).not.toMatch(/<style|<script(?![^>]* src=)| style="| on\w+="|https?:\/\//);
  });

  it('serves Strophe as its package has it', () => {
    const entry = createRequire(import.meta.url).resolve('strophe.js');
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(Buffer.from(pages({ path: '/demo/strophe.js' })?.body ?? '', 'latin1'))).toBe(
      hash(readFileSync(entry.replace(/strophe\.cjs$/, 'strophe.esm.js'))),
    );
  });

  it('tells the page where its service is', () => {
    const moved = demoPages({ service: '/chat/bosh', domain: 'example.localhost' });
    expect(moved({ path: '/demo/settings.js' })?.body).toBe(
      'export const settings = {"service":"/chat/bosh","domain":"example.localhost"};\n',
    );
  });
});
