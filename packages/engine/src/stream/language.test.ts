import { expect, test } from 'vitest';
import { languageTag } from './language.ts';

test.each<[asked: string | undefined, tag: string | undefined]>([
  ['en', 'en'],
  ['en-US', 'en-US'],
  ['en_US', 'en-US'],
  ['en_US.UTF-8', 'en-US'],
  ['de_DE@euro', 'de-DE'],
  [' pt-BR ', 'pt-BR'],
  ['zh-Hant-TW', 'zh-Hant-TW'],
  ['zh_Hans_CN', 'zh-Hans-CN'],
  ['zh-cmn-Hans-CN', 'zh-cmn-Hans-CN'],
  ['sl-rozaj-biske', 'sl-rozaj-biske'],
  ['de-1996', 'de-1996'],
  ['es-419', 'es-419'],
  ['en-a-bbb-x-a-ccc', 'en-a-bbb-x-a-ccc'],
  ['*', undefined],
  ['', undefined],
  ['undefined', undefined],
  ['null', undefined],
  ['C', undefined],
  ['POSIX', undefined],
  ['C.UTF-8', undefined],
  ['en US', undefined],
  ['en-', undefined],
  ['en--US', undefined],
  ['e', undefined],
  ['ë', undefined],
  ["en'/><x", undefined],
  [`en${'-abcde'.repeat(100)}`, undefined],
  [undefined, undefined],
])('%s is %s', (asked, tag) => {
  expect(languageTag(asked)).toBe(tag);
});
