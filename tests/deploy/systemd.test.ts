import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const UNIT = fileURLToPath(new URL('../../deploy/systemd/boshd.service', import.meta.url));
const SOCKET_UNIT = fileURLToPath(new URL('../../deploy/systemd/boshd.socket', import.meta.url));
const run = promisify(execFile);

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boshd-unit-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('systemd understands every line of the units', async () => {
  const { stdout, stderr } = await run('systemd-analyze', ['verify', UNIT, SOCKET_UNIT]);
  // That node is elsewhere on this machine is no fault of the unit.
  const faults = `${stdout}${stderr}`.split('\n').filter((line) => /boshd\.(?:service|socket)/.test(line));
  expect(faults.filter((line) => !line.includes('is not executable'))).toEqual([]);
});

test('what it leaves open is little, as systemd judges it', async () => {
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', UNIT]);
  const level = Number(/Overall exposure level for boshd\.service: ([\d.]+)/.exec(stdout)?.[1]);
  // 10 is a service without any restriction.
  expect(level).toBeLessThan(2);
});

test('a unit with a wrong line is noticed', async () => {
  const unit = join(directory, 'boshd.service');
  await copyFile(UNIT, unit);
  await run('sed', ['-i', 's/^ProtectSystem=.*/ProtectSystm=strict/', unit]);
  const { stderr } = await run('systemd-analyze', ['verify', unit]);
  expect(stderr).toContain('ProtectSystm');
});
