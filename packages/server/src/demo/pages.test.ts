import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
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
    if (path === '/demo/client.js') continue;
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

  it.each(['/demo/', '/demo/tsconfig.json', '/demo/client.d.ts', '/demo/../pages.ts', '/demo/worker'])(
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

  it('serves the file for pages without a bundler that the package of the client has', () => {
    expect(textOf('/demo/client.js')).toBe(
      readFileSync(new URL('../../../client/dist/boshd-client.mjs', import.meta.url), 'utf8'),
    );
  });

  it('has its process killed by the page itself alone', () => {
    vi.useFakeTimers();
    const kill = vi.fn();
    const killable = demoPages({ worker: { pid: 7, kill } });
    const ask = (order?: 'own' | 'foreign') => killable({ path: '/demo/worker', order });
    expect(ask()).toMatchObject({ status: 200, body: '{"pid":7}' });
    expect(ask('foreign')).toMatchObject({ status: 403 });
    vi.runAllTimers();
    expect(kill).not.toHaveBeenCalled();
    expect(ask('own')).toMatchObject({ status: 200 });
    vi.runAllTimers();
    expect(kill).toHaveBeenCalledOnce();
    vi.useRealTimers();
    expect(Buffer.from(killable({ path: '/demo/settings.js' })?.body ?? '', 'latin1').toString()).toContain(
      '"worker":"/demo/worker"',
    );
  });

  it('tells the page where its service is', () => {
    const moved = demoPages({ service: '/chat/bosh', webSocket: '/chat/ws', domain: 'example.localhost' });
    expect(moved({ path: '/demo/settings.js' })?.body).toBe(
      'export const settings = {"service":"/chat/bosh","webSocket":"/chat/ws","domain":"example.localhost","worker":""};\n',
    );
  });
});
