import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, workspaces, writeJson } from './tree.mjs';

/** https://semver.org, without build metadata: npm does not tell versions apart by it. */
const VERSION = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[\da-z-]+(?:\.[\da-z-]+)*)?$/i;
const KINDS = ['dependencies', 'devDependencies', 'peerDependencies'];
const UNRELEASED = '## Unreleased\n';

/**
 * Gives all workspaces the version, in their manifests, in what they ask of each other and in the lock; and closes the
 * section of the CHANGELOG under it.
 *
 * @param {string} root
 * @param {string} version
 * @param {string} day such as 2026-12-01
 */
export function setVersion(root, version, day) {
  if (!VERSION.test(version)) throw new Error(`${version} is not a version such as 1.2.3 or 1.2.3-rc.1`);
  const changelog = closedChangelog(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version, day);
  const all = workspaces(root);
  const names = new Set(all.map(({ manifest }) => manifest.name));
  for (const { directory } of [{ directory: '.' }, ...all]) {
    const file = join(root, directory, 'package.json');
    const manifest = readJson(file);
    setIn(manifest, names, version);
    writeJson(file, manifest);
  }
  const lockFile = join(root, 'package-lock.json');
  const lock = readJson(lockFile);
  lock.version = version;
  for (const directory of ['', ...all.map((each) => each.directory)]) {
    setIn(lock.packages[directory], names, version);
  }
  writeJson(lockFile, lock);
  writeFileSync(join(root, 'CHANGELOG.md'), changelog);
}

/**
 * @param {Record<string, unknown>} manifest
 * @param {ReadonlySet<string>} names
 * @param {string} version
 */
function setIn(manifest, names, version) {
  manifest['version'] = version;
  for (const kind of KINDS) {
    const asked = Object(manifest[kind]);
    for (const name of Object.keys(asked)) if (names.has(name)) asked[name] = version;
  }
}

/**
 * What was unreleased becomes the section of the version.
 *
 * @param {string} text
 * @param {string} version
 * @param {string} day
 */
export function closedChangelog(text, version, day) {
  const [before, after, ...more] = text.split(UNRELEASED);
  if (after === undefined || more.length > 0) throw new Error('CHANGELOG.md needs one section "Unreleased"');
  if (text.includes(`\n## ${version} `)) throw new Error(`CHANGELOG.md has a section ${version} already`);
  const [section = ''] = after.split(/^## /m);
  if (section.trim() === '') throw new Error('CHANGELOG.md says nothing under "Unreleased": what is new?');
  return `${before}${UNRELEASED}\n## ${version} (${day})\n${after}`;
}

/**
 * The section of a version, for the page of the release.
 *
 * @param {string} text
 * @param {string} version
 */
export function sectionOf(text, version) {
  const sections = text.split(/^(?=## )/m);
  const section = sections.find((each) => each.startsWith(`## ${version} `)) ?? sections[1] ?? '';
  return section.replace(/^.*\n/, '').trim();
}
