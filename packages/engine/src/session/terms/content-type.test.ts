import { describe, expect, it } from 'vitest';
import { DEFAULT_CONTENT_TYPE, grantContentType } from './content-type.ts';

describe('grantContentType', () => {
  it.each([
    ['text/xml', 'text/xml; charset=utf-8'],
    ['text/xml; charset=utf-8', 'text/xml; charset=utf-8'],
    ['text/xml;charset="UTF-8"', 'text/xml; charset=utf-8'],
    [' TEXT/Plain ; charset = utf8 ;', 'text/plain; charset=utf-8'],
    ['application/xml', 'application/xml; charset=utf-8'],
  ])('grants %s', (asked, granted) => {
    expect(grantContentType(asked)).toBe(granted);
  });

  it.each([
    [undefined],
    [''],
    ['text/html'],
    ['application/xhtml+xml'],
    ['image/svg+xml'],
    ['text/javascript'],
    ['application/json'],
    ['text/xml; charset=iso-8859-1'],
    ['text/xml; charset=utf-7'],
    ['text/xml, text/html'],
    ['text/plain; charset=utf-8; boundary=x'],
    ['text/plain\r\nX-Injected: yes'],
    ['text'],
  ])('gives the default for %s', (asked) => {
    expect(grantContentType(asked)).toBe(DEFAULT_CONTENT_TYPE);
  });
});
