// Makes a release; docs/releasing.md says when and how. Changes nothing outside of this directory and --out, and publishes
// nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { emptyDirectory, makeTarballsTwice, writeChecksums, writeSbom } from './packages.mjs';
import { readJson } from './tree.mjs';
import { sectionOf, setVersion } from './version.mjs';

const USAGE = `npm run release -- [VERSION] [--repository URL] [--out DIRECTORY]

Writes tarballs of all packages that are published, an SBOM and checksums. With a VERSION the manifests, the lock and the
CHANGELOG get it first. Without --repository the address of git's "origin" is taken.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repository: { type: 'string' },
    out: { type: 'string', default: 'release' },
    help: { type: 'boolean', default: false },
  },
});

/** @param {string} root */
function originOf(root) {
  try {
    return execFileSync('git', ['remote', 'get-url', 'origin'], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch {
    return '';
  }
}

/** The address as a browser opens it. */
function repository() {
  const given = (values.repository ?? originOf(process.cwd())).trim();
  const address = given.replace(/^git@([^:]+):/, 'https://$1/').replace(/(?:\.git|\/)$/, '');
  if (/^https:\/\/[^/\s]+\/\S+$/.test(address)) return address;
  throw new Error(
    `--repository must be where the source can be had, such as https://git.example.org/team/boshd`,
  );
}

function release() {
  const root = process.cwd();
  const address = repository();
  const [version] = positionals;
  if (version !== undefined) setVersion(root, version, new Date().toISOString().slice(0, 10));
  const out = resolve(values.out);
  emptyDirectory(out);
  makeTarballsTwice(root, out, address);
  writeSbom(root, out);
  writeChecksums(out);
  const { version: made } = readJson(join(root, 'package.json'));
  writeFileSync(
    join(out, 'NOTES.md'),
    `${sectionOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), made)}\n`,
  );
  for (const name of readdirSync(out).sort()) {
    console.log(`${name}  ${Math.round(statSync(join(out, name)).size / 1024)} KB`);
  }
}

if (values.help) {
  console.log(USAGE);
} else {
  try {
    release();
  } catch (error) {
    console.error(`release: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
