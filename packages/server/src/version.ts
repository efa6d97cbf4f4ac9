import { readFileSync } from 'node:fs';

/** Of the package, such as `1.0.0`. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const facts: unknown = JSON.parse(text);
  return String(Reflect.get(Object(facts), 'version'));
}
