import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billOfMaterials } from './sbom.mjs';
import { copyTree, published, readJson, writeJson } from './tree.mjs';

/**
 * Builds a copy of the tree and packs what is published into `out`.
 *
 * @param {string} root
 * @param {string} out an empty directory
 * @param {string} repository where the source can be had, such as https://git.example.org/team/boshd
 */
export function makeTarballs(root, out, repository) {
  const copy = mkdtempSync(join(tmpdir(), 'boshd-release-'));
  try {
    copyTree(root, copy);
    const packages = published(copy);
    const projects = packages.map(({ directory }) => directory);
    run(copy, process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...projects]);
    for (const { directory } of packages) {
      const file = join(copy, directory, 'package.json');
      writeJson(file, withAddresses(readJson(file), repository, directory));
      run(join(copy, directory), 'npm', ['pack', '--silent', '--offline', '--pack-destination', out]);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/**
 * Where the project lives is known when it is released, not before: a fork, or a host that moved, changes no file.
 *
 * @param {Record<string, unknown>} manifest
 * @param {string} repository
 * @param {string} directory
 */
function withAddresses(manifest, repository, directory) {
  return {
    ...manifest,
    repository: { type: 'git', url: `git+${repository}.git`, directory },
    homepage: `${repository}#readme`,
    bugs: { url: `${repository}/issues` },
  };
}

/**
 * The tarballs, made twice: who builds them again gets the same bytes, and can so see what they were made from.
 *
 * @param {string} root
 * @param {string} out
 * @param {string} repository
 */
export function makeTarballsTwice(root, out, repository) {
  const again = mkdtempSync(join(tmpdir(), 'boshd-release-again-'));
  try {
    makeTarballs(root, out, repository);
    makeTarballs(root, again, repository);
    const [first, second] = [out, again].map((directory) => digests(directory, '.tgz'));
    if (first !== second) throw new Error(`two builds differ:\n${first}and\n${second}`);
  } finally {
    rmSync(again, { recursive: true, force: true });
  }
}

/**
 * What the packages are made of, with versions, licences and digests.
 *
 * @param {string} root
 * @param {string} out
 */
export function writeSbom(root, out) {
  const { version } = readJson(join(root, 'package.json'));
  writeJson(join(out, `boshd-${version}.cdx.json`), billOfMaterials(root));
}

/**
 * In the form that `sha256sum --check` reads.
 *
 * @param {string} out
 */
export function writeChecksums(out) {
  writeFileSync(join(out, 'SHA256SUMS'), digests(out, '.tgz', '.cdx.json'));
}

/**
 * @param {string} directory
 * @param {...string} endings
 */
function digests(directory, ...endings) {
  const names = readdirSync(directory).filter((name) => endings.some((ending) => name.endsWith(ending)));
  const lines = names.sort().map((name) => {
    const digest = createHash('sha256').update(readFileSync(join(directory, name)));
    return `${digest.digest('hex')}  ${name}\n`;
  });
  return lines.join('');
}

/**
 * An empty directory of that name. One with something else than a release in it is left alone.
 *
 * @param {string} out
 */
export function emptyDirectory(out) {
  mkdirSync(out, { recursive: true });
  const ours = /^(?:SHA256SUMS|NOTES\.md|boshd-.*\.(?:tgz|cdx\.json))$/;
  const foreign = readdirSync(out).find((name) => !ours.test(name));
  if (foreign !== undefined)
    throw new Error(`${out} has ${foreign} in it: name a directory for the release alone`);
  for (const name of readdirSync(out)) rmSync(join(out, name));
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(cwd, command, args) {
  const npmFree = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: Object.fromEntries(npmFree),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
