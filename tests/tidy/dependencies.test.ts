import { expect, test } from 'vitest';
import { filesEnding, type TextFile } from './source.ts';

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const OWN = /^(?:boshd|@boshd\/.*)$/;

function dependenciesOf({ text }: TextFile): readonly string[] {
  const manifest: unknown = JSON.parse(text);
  return KINDS.flatMap((kind) => Object.keys(Object(Reflect.get(Object(manifest), kind) ?? {})));
}

const manifests = filesEnding('package.json');
const [reasons] = filesEnding('docs/decisions/dependencies.md');

test('every dependency has its reason, and every reason its dependency', () => {
  const used = new Set(manifests.flatMap(dependenciesOf).filter((name) => !OWN.test(name)));
  const explained = [...(reasons?.text.matchAll(/^- `([^`]+)`: \S/gm) ?? [])].map((match) => match[1]);
  expect(explained.sort()).toEqual([...used].sort());
});

test('the engine has none', () => {
  const engine = manifests.filter(({ path }) => path === 'packages/engine/package.json');
  expect(engine.map(dependenciesOf)).toEqual([[]]);
});
