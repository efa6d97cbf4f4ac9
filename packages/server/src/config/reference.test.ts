import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ALL_KEYS } from './keys.ts';
import { configReference, jsonSchemaText } from './reference.ts';

const COMMITTED = new URL('../../../../docs/config-reference.md', import.meta.url);

describe('the reference', () => {
  test('in docs/ is what the schema says; print it anew with `boshd config-reference`', () => {
    expect(readFileSync(COMMITTED, 'utf8')).toBe(configReference());
  });

  test('has every key', () => {
    const headings = configReference().match(/^##+ .*$/gm) ?? [];
    const names = headings.map((heading) => heading.replace(/^#+ /, '').replaceAll('\\', ''));
    // What a site has as the top of the file has it is told there.
    const headingOf = (path: readonly string[]) => {
      const below = path.slice(2).join('.');
      return path[0] === 'sites' && names.includes(below) ? below : path.join('.');
    };
    expect(names).toEqual(expect.arrayContaining(ALL_KEYS.map(({ path }) => headingOf(path))));
  });
});

describe('the JSON Schema', () => {
  const schema: unknown = JSON.parse(jsonSchemaText());

  test('describes keys, refuses unknown ones and requires none', () => {
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        listen: { type: 'array', default: ['127.0.0.1:5280', '[::1]:5280'] },
        session: {
          additionalProperties: false,
          properties: { waitMax: { default: '55s', description: expect.stringContaining('wait') } },
        },
      },
    });
    expect(jsonSchemaText()).not.toMatch(/"required": \[/);
  });
});
