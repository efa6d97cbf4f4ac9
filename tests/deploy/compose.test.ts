import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const FOLDER = fileURLToPath(new URL('../../deploy/compose/', import.meta.url));
const run = promisify(execFile);

/** What a command of the folder says, and how it ended. */
async function said(
  command: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number; text: string }> {
  try {
    const { stdout, stderr } = await run(command, args, {
      cwd: FOLDER,
      env: { ...process.env, ...more, NATS_PASSWORD: "'123e45'" },
    });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

test('compose takes the file, with three members beside NATS and HAProxy', async () => {
  const { code, text } = await said('docker-compose', ['--file', 'compose.yaml', 'config', '--services']);
  expect(code, text).toBe(0);
  const watchers = ['grafana', 'prometheus'];
  const all = ['haproxy', 'member-1', 'member-2', 'member-3', 'nats', ...watchers];
  expect(text.trim().split('\n').sort()).toEqual(all.sort());
  // These are started only when they are asked for; docker-compose 1 lists them all the same.
  const { services } = parse(await readFile(join(FOLDER, 'compose.yaml'), 'utf8'), { merge: true });
  for (const name of watchers) expect(services[name].profiles).toEqual(['monitoring']);
});

test('Prometheus takes the file that watches them', async () => {
  // The rules stand beside it in the container.
  const config = await readFile(join(FOLDER, 'prometheus.yml'), 'utf8');
  const directory = await mkdtemp(join(tmpdir(), 'boshd-compose-'));
  const file = join(directory, 'prometheus.yml');
  await writeFile(file, config.replace('boshd.rules.yml', join(FOLDER, '../prometheus/boshd.rules.yml')));
  const checked = await said('promtool', ['check', 'config', file]);
  expect(checked.code, checked.text).toBe(0);
  await rm(directory, { recursive: true });
});

test.each([
  ['compose', async () => readFile(join(FOLDER, 'boshd.yaml'), 'utf8')],
  ['kubernetes', async () => readFile(await configOfKubernetes(), 'utf8')],
])('the operator can look at the members in %s', async (_, text) => {
  expect(parse(await text())).toMatchObject({
    admin: { listen: ['unix:/tmp/admin.sock', '0.0.0.0:5279'], insecureRemote: true },
  });
});

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

/** The secrets are where the container has them; here their place is taken by a file that is there. */
async function boshd(...args: readonly string[]): Promise<{ code: number; text: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'boshd-compose-'));
  const secret = join(directory, 'secret');
  await writeFile(secret, 'x'.repeat(32));
  const places = { BOSHD_CLUSTER_KEYS_FILE: secret, BOSHD_NATS_PASSWORD_FILE: secret };
  try {
    return await said(process.execPath, [MAIN, ...args], places);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test.each([
  ['compose', async () => join(FOLDER, 'boshd.yaml')],
  ['kubernetes', configOfKubernetes],
])('boshd takes the configuration of its members in %s', async (_, file) => {
  const { code, text } = await boshd('check-config', await file());
  expect(code, text).toBe(0);
  expect(text).toContain('routingCookie: boshd_member');
});

test('HAProxy has what boshd prints for it', async () => {
  const file = join(FOLDER, 'boshd.yaml');
  const { code, text } = await boshd(
    'proxy-config',
    'haproxy',
    '--config',
    file,
    '--host',
    'localhost',
    '--listen',
    '8080',
  );
  expect(code, text).toBe(0);
  await expect(text).toMatchFileSnapshot(join(FOLDER, 'haproxy.cfg'));
});

/** It is a text inside of a ConfigMap. */
async function configOfKubernetes(): Promise<string> {
  const manifest = await readFile(new URL('../../deploy/kubernetes/boshd.yaml', import.meta.url), 'utf8');
  const [first] = parseAllDocuments(manifest);
  const text: unknown = first?.getIn(['data', 'boshd.yaml']);
  const file = join(await mkdtemp(join(tmpdir(), 'boshd-kubernetes-')), 'boshd.yaml');
  await writeFile(file, String(text));
  return file;
}

test('nats-server takes its configuration', async () => {
  const { code, text } = await said('nats-server', ['-t', '--config', 'nats.conf']);
  expect(text).toContain('is valid');
  expect(code).toBe(0);
});
