import { expect, test } from 'vitest';
import { type HeaderRecord, RecordHeaders } from '../request/head.ts';
import { claimOf, isMisused, syntaxOf } from './choice.ts';
import { POST } from './post.ts';
import { SCRIPT } from './script.ts';
import type { SyntaxName } from './syntax.ts';
import { WINDOW_NAME } from './window-name.ts';

const ALL: readonly SyntaxName[] = ['post', 'script', 'window-name'];

test.each<[method: string, query: string, allowed: readonly SyntaxName[], name: SyntaxName | undefined]>([
  ['POST', '', ALL, 'post'],
  ['POST', 'room=a&token=b', ALL, 'post'],
  ['POST', '%3Cbody/%3E', ALL, 'post'],
  ['POST', 'windowname=true', ALL, 'window-name'],
  ['POST', 'a=b&windowname=true&c', ALL, 'window-name'],
  ['POST', 'windowname=true', ['post'], 'post'],
  ['POST', 'windowname=false', ALL, 'post'],
  ['POST', 'mywindowname=true', ALL, 'post'],
  ['GET', '', ALL, undefined],
  // The keep-alive of lib-jitsi-meet.
  ['GET', 'room=a&token=b', ALL, undefined],
  ['GET', '%3Cbody/%3E', ALL, 'script'],
  ['GET', '%3cbody/%3e', ['post'], 'script'],
  ['GET', '<body/>', ALL, 'script'],
  ['GET', 'windowname=true&body=%3Cbody/%3E', ALL, 'window-name'],
  ['GET', 'windowname=true', ['post'], 'window-name'],
  ['HEAD', '%3Cbody/%3E', ALL, undefined],
  ['OPTIONS', 'windowname=true', ALL, undefined],
])('%s ?%s where %j are on', (method, query, allowed, name) => {
  expect(syntaxOf(method, query, new Set(allowed))?.name).toBe(name);
});

test.each<[record: HeaderRecord, misused: readonly SyntaxName[]]>([
  [{}, []],
  [{ 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, []],
  [{ 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }, []],
  [{ 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, ['script']],
  [{ 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'serviceworker' }, ['script']],
  [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, ['post', 'script']],
  [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, ['post', 'script']],
])('what browsers say of %j is misuse for %j', (record, misused) => {
  const headers = new RecordHeaders(record);
  const names = [POST, SCRIPT, WINDOW_NAME]
    .filter((each) => isMisused(each, headers))
    .map(({ name }) => name);
  expect(names).toEqual(misused);
});

const FRAME = '/http-bind?windowname=true';

test.each<[record: HeaderRecord, byScript: string | undefined, byPage: string | undefined]>([
  [{}, undefined, undefined],
  [{ origin: 'https://a.example' }, 'https://a.example', 'https://a.example'],
  [{ origin: 'null', referer: 'https://a.example/' }, 'null', 'null'],
  [{ referer: 'https://A.example/page?x#y' }, undefined, 'https://a.example'],
  [{ referer: 'http://a.example:8080' }, undefined, 'http://a.example:8080'],
  [{ referer: 'capacitor://localhost/index.html' }, undefined, 'capacitor://localhost'],
  [{ referer: 'about:blank' }, undefined, 'null'],
  [{ 'sec-fetch-site': 'cross-site' }, undefined, 'null'],
  [{ 'sec-fetch-site': 'same-site' }, undefined, 'null'],
  [{ 'sec-fetch-site': 'same-origin' }, undefined, undefined],
  [{ 'sec-fetch-site': 'none' }, undefined, undefined],
])('the page behind %j', (record, byScript, byPage) => {
  const headers = new RecordHeaders(record);
  const peer = { address: '192.0.2.1', secure: true, trusted: false };
  const client = { address: '192.0.2.1', secure: true, host: 'b.example' };
  const originOf = (method: string, target: string): string | undefined =>
    claimOf({ method, target, minorVersion: 1, headers, lineCount: 1, hostCount: 1, peer }, client).origin;
  expect([originOf('POST', '/http-bind'), originOf('GET', '/http-bind?room=a')]).toEqual([
    byScript,
    byScript,
  ]);
  const pages = [originOf('GET', '/http-bind?%3Cbody'), originOf('GET', FRAME), originOf('POST', FRAME)];
  expect(pages).toEqual([byPage, byPage, byPage]);
});
