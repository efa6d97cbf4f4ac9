import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudInput } from '@boshd/engine/manager';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SocketMesh } from './sockets.ts';

const LIMITS = { messageBytesMax: 1000, backlogBytesMax: 1000 };
const [FIRST, SECOND] = ['0'.repeat(16), '1'.repeat(16)];

let directory: string;
let meshes: SocketMesh[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mesh-'));
  meshes = [];
});
afterEach(() => {
  for (const mesh of meshes) mesh.close();
  rmSync(directory, { recursive: true });
});

function meshOf(
  incarnation: string,
  own: string,
  others: readonly string[],
  submit: (input: CloudInput) => void,
): SocketMesh {
  const mesh = new SocketMesh({ ...LIMITS, incarnation, own, others: () => others }, submit);
  meshes.push(mesh);
  return mesh;
}

test('a socket that a killed process left is taken over', async () => {
  const [own, other] = [join(directory, '0.sock'), join(directory, '1.sock')];
  const script = `require('node:net').createServer().listen(${JSON.stringify(own)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(existsSync(own)).toBe(true);
  const first = meshOf(FIRST, own, [other], () => undefined);
  await first.open();
  const heard = new Promise<CloudInput>((resolve) => {
    const second = meshOf(SECOND, other, [own], resolve);
    void second.open();
  });
  while (!first.has(SECOND)) await new Promise((resolve) => setImmediate(resolve));
  first.send(SECOND, 'hello' as Parameters<SocketMesh['send']>[1]);
  expect(await heard).toEqual({ type: 'mesh-message', bytes: 'hello' });
});

test('one that is in use is left alone', async () => {
  const own = join(directory, '0.sock');
  await meshOf(FIRST, own, [], () => undefined).open();
  await expect(meshOf(SECOND, own, [], () => undefined).open()).rejects.toThrow('EADDRINUSE');
});
