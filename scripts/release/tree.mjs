import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** More files than this are no source tree: something was not left out. */
const FILES_MAX = 20_000;

/**
 * @typedef {Record<string, unknown> & { name: string, version: string }} Manifest
 * @typedef {{ directory: string, manifest: Manifest }} Workspace a workspace of the repository, its directory from the top
 */

/** @param {string} file */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * @param {string} file
 * @param {unknown} value
 */
export function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * All workspaces of a tree.
 *
 * @param {string} root
 * @returns {Workspace[]}
 */
export function workspaces(root) {
  const packages = readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => `packages/${name}`);
  return [...packages, 'tests', 'bench'].flatMap((directory) => {
    const file = join(root, directory, 'package.json');
    return existsSync(file) ? [{ directory, manifest: readJson(file) }] : [];
  });
}

/**
 * The workspaces that are published: those that are not private.
 *
 * @param {string} root
 */
export function published(root) {
  return workspaces(root).filter(({ manifest }) => manifest['private'] !== true);
}

/**
 * Copies what git knows of the tree, as it is now, to an empty directory that can build: nothing that an earlier build left
 * gets into a package. The copy's workspaces are linked to each other, everything else to the packages of the tree.
 *
 * @param {string} root
 * @param {string} directory
 */
export function copyTree(root, directory) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = listed.split('\0').filter((path) => path !== '');
  if (paths.length > FILES_MAX) throw new Error(`${paths.length} files are more than a source tree has`);
  for (const path of paths) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(root, path), join(directory, path), { force: false, errorOnExist: false });
  }
  linkPackages(root, directory);
}

/**
 * @param {string} root
 * @param {string} directory
 */
function linkPackages(root, directory) {
  const own = workspaces(directory);
  const names = new Set(own.map(({ manifest }) => manifest.name));
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  for (const entry of readdirSync(join(root, 'node_modules'))) {
    if (entry === '@boshd' || entry === '.cache' || names.has(entry)) continue;
    symlinkSync(join(root, 'node_modules', entry), join(modules, entry));
  }
  for (const { directory: folder, manifest } of own) {
    mkdirSync(dirname(join(modules, manifest.name)), { recursive: true });
    symlinkSync(join(directory, folder), join(modules, manifest.name));
  }
}
