import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Locked, readJson } from './tree.ts';

const run = promisify(execFile);

export interface LocalRegistry {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A package registry on this machine with the given packages of a tree, packed from its node_modules. Unlike a real one it has one
 * version of each.
 */
export async function startRegistry(
  root: string,
  locked: readonly Locked[],
  directory: string,
): Promise<LocalRegistry> {
  const answers = new Map<string, Buffer>();
  const server = createServer(({ url = '' }, response) => {
    const body = answers.get(decodeURIComponent(url));
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  for (const [index, { path, name, version }] of locked.entries()) {
    const tarball = await packed(join(root, path), join(directory, `${index}.tgz`));
    const file = `/tarballs/${index}.tgz`;
    answers.set(file, tarball);
    const dist = { tarball: url + file, integrity: integrityOf(tarball) };
    const manifest = { ...Object(readJson(join(root, path, 'package.json'))), dist };
    const document = { name, 'dist-tags': { latest: version }, versions: { [version]: manifest } };
    answers.set(`/${name}`, Buffer.from(JSON.stringify(document)));
  }
  return {
    url,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function packed(directory: string, file: string): Promise<Buffer> {
  const inside = ['--exclude=./node_modules', '--transform=s,^\\.,package,', '.'];
  await run('tar', ['--create', '--gzip', `--file=${file}`, `--directory=${directory}`, ...inside]);
  return readFile(file);
}

function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}
