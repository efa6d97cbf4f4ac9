import { join } from 'node:path';
import { published, readJson } from './tree.mjs';

/**
 * A package as the lock has it.
 *
 * @typedef {{ path: string, name: string, version: string, license?: string, integrity?: string, needs: string[] }} Locked
 */

/**
 * Everything that an installed boshd brings, its own packages first: what those ask for, what that asks for, and so on. npm's
 * own `sbom` leaves out what the tests ask for too.
 *
 * @param {string} root
 * @returns {Locked[]}
 */
export function installed(root) {
  return broughtBy(
    root,
    published(root).map(({ manifest }) => manifest.name),
  );
}

/**
 * These packages, what they ask for, and so on.
 *
 * @param {string} root
 * @param {readonly string[]} names
 * @returns {Locked[]}
 */
export function broughtBy(root, names) {
  const { packages } = readJson(join(root, 'package-lock.json'));
  const own = new Map(published(root).map(({ directory, manifest }) => [manifest.name, directory]));
  const placeOf = (from, name) => own.get(name) ?? nearest(packages, from, name) ?? [];
  const found = new Map();
  const queue = names.flatMap((name) => placeOf('', name));
  for (const path of queue) {
    if (found.has(path)) continue;
    const {
      name,
      version,
      license,
      integrity,
      dependencies = {},
      optionalDependencies = {},
    } = packages[path];
    const asked = Object.keys({ ...dependencies, ...optionalDependencies });
    const needs = asked.flatMap((each) => placeOf(path, each));
    const called = name ?? path.replace(/^.*node_modules\//, '');
    found.set(path, { path, name: called, version, license, integrity, needs });
    queue.push(...needs);
  }
  return [...found.values()];
}

/**
 * Where Node finds a package from there: beside the one that asks, or in a folder above.
 *
 * @param {Record<string, unknown>} packages
 * @param {string} from
 * @param {string} name
 */
function nearest(packages, from, name) {
  for (let at = from; ; at = at.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (!at.includes('node_modules/')) {
      const top = `node_modules/${name}`;
      return packages[top] === undefined ? undefined : top;
    }
  }
}

/**
 * The bill of materials in CycloneDX 1.5. Holds no time and no random number: it is the same whenever it is made.
 *
 * @param {string} root
 */
export function billOfMaterials(root) {
  const all = installed(root);
  const references = new Map(all.map((each) => [each.path, purl(each)]));
  const { version: own } = readJson(join(root, 'package.json'));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        'bom-ref': `boshd-workspace@${own}`,
        type: 'application',
        name: 'boshd',
        version: own,
        licenses: [{ license: { id: 'MIT' } }],
      },
    },
    components: all.map(component).sort(byReference),
    dependencies: all
      .map(({ path, needs }) => ({
        ref: references.get(path),
        dependsOn: needs.map((each) => references.get(each)).sort(),
      }))
      .sort((a, b) => (String(a.ref) < String(b.ref) ? -1 : 1)),
  };
}

/** @param {Locked} locked */
function component({ name, version, license, integrity }) {
  return {
    'bom-ref': purl({ name, version }),
    type: 'library',
    name,
    version,
    purl: purl({ name, version }),
    licenses: license === undefined ? [] : [{ expression: license }],
    ...(integrity === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: hex(integrity) }] }),
  };
}

/** @param {{ name: string, version: string }} of */
function purl({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** @param {string} integrity `sha512-` and base64 */
function hex(integrity) {
  return Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
}

/**
 * @param {{ 'bom-ref': string }} a
 * @param {{ 'bom-ref': string }} b
 */
function byReference(a, b) {
  return a['bom-ref'] < b['bom-ref'] ? -1 : 1;
}
