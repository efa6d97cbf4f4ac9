import { describe, expect, test } from 'vitest';
import { layerFaults } from './layers.ts';
import { allSources, parse } from './source.ts';

test('every import is one that the layers allow', () => {
  expect(allSources().flatMap(layerFaults)).toEqual([]);
});

describe('the check itself', () => {
  test.each([
    ['packages/engine/src/kit/a.ts', "import '../wire/index.ts'", 'kit may not import wire'],
    [
      'packages/engine/src/session/a.ts',
      "import type { A } from '../stream/index.ts'",
      'may not import stream',
    ],
    ['packages/engine/src/session/terms/a.ts', "export * from '../../site/index.ts'", 'may not import site'],
    ['packages/engine/src/session/a.ts', "import '../wire/xml/escape.ts'", 'import its index.ts'],
    ['packages/engine/src/wire/a.ts', "import 'node:crypto'", 'the engine imports nothing'],
    ['packages/engine/src/wire/a.ts', "import '../../../server/src/ports.ts'", 'leaves its package'],
    ['packages/server/src/front/a.ts', "import '../upstream/upstream.ts'", 'front may not import upstream'],
    ['packages/server/src/observe/a.ts', "import('../config/index.ts')", 'observe may not import config'],
    [
      'packages/server/src/anchor/a.ts',
      "import '@boshd/engine/site'",
      'the anchor decides nothing: it may not import @boshd/engine/site',
    ],
    ['packages/server/src/new.ts', "import './app/app.ts'", 'may not import app'],
    ['packages/server/src/app/app.ts', "import 'boshd'", 'nothing imports the server'],
    ['packages/client/src/a.ts', "import '@boshd/engine/manager'", 'the client may not import'],
  ])('%s: %s', (path, text, expected) => {
    expect(layerFaults(parse({ path, text }))).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    ['packages/engine/src/manager/a.ts', "import '../site/index.ts'"],
    ['packages/engine/src/wire/xml/a.ts', "import '../names.ts'; import '../../kit/index.ts'"],
    ['packages/engine/src/kit/a.test.ts', "import 'vitest'"],
    ['packages/server/src/front/reply/a.ts', "import '@boshd/engine/wire'; import '../../ports.ts'"],
    ['packages/server/src/app/app.ts', "import '../front/front.ts'; import '../config/index.ts'"],
    ['packages/client/src/a.ts', "import '@boshd/engine/client'"],
  ])('%s: %s is allowed', (path, text) => {
    expect(layerFaults(parse({ path, text }))).toEqual([]);
  });
});
