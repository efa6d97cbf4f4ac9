import { ascii, type ByteString } from '@boshd/engine/kit';
import { expect, test } from 'vitest';
import { firstOf, healthPages, type PageRequest, pageReply } from './pages.ts';

function request(path: string): PageRequest {
  return { path, query: '', address: '127.0.0.1', secure: false, host: undefined, site: undefined };
}

test('health and readiness', () => {
  let reason: ByteString | undefined;
  const pages = healthPages(() => reason);
  expect(pages(request('/healthz'))).toMatchObject({ status: 200, body: 'ok\n' });
  expect(pages(request('/readyz'))).toMatchObject({ status: 200, body: 'ok\n' });
  expect(pages(request('/other'))).toBeUndefined();
  reason = ascii('draining\n');
  expect(pages(request('/healthz'))).toMatchObject({ status: 200 });
  expect(pages(request('/readyz'))).toMatchObject({ status: 503, body: 'draining\n' });
});

test('the first handler that knows the path answers', () => {
  const page = (body: string) => ({ status: 200, contentType: 'text/plain', body: ascii(body) }) as const;
  const pages = firstOf(
    ({ path }) => (path === '/a' ? page('first') : undefined),
    () => page('second'),
  );
  expect(pages(request('/a'))?.body).toBe('first');
  expect(pages(request('/b'))?.body).toBe('second');
  expect(firstOf()(request('/a'))).toBeUndefined();
});

test('a page replaces only the headers that it names', () => {
  const page = { status: 200, contentType: 'text/html', body: ascii('') } as const;
  expect(pageReply(page).instead).toEqual([
    ...['Content-Security-Policy', "default-src 'none'; sandbox"],
    ...['X-Content-Type-Options', 'nosniff'],
    ...['Cache-Control', 'no-store'],
  ]);
  expect(
    pageReply({
      ...page,
      contentSecurityPolicy: "default-src 'self'",
      cacheControl: 'max-age=60',
      anyOrigin: true,
    }).instead,
  ).toEqual([
    ...['Content-Security-Policy', "default-src 'self'"],
    ...['Cache-Control', 'max-age=60'],
    ...['Access-Control-Allow-Origin', '*'],
    ...['X-Content-Type-Options', 'nosniff'],
  ]);
});
