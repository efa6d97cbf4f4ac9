import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  RawClient,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import { FRONT_LIMITS } from './options.ts';
import { FrontError } from './request/errors.ts';

let directory = '';
let path = '';
let rig: FrontRig;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-unix-'));
  path = join(directory, 'http.sock');
});
afterEach(async () => {
  await rig.stop();
  rmSync(directory, { recursive: true });
});

async function ask(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const client = new RawClient(connect(path));
  client.write(post(bodyOf(1), headers));
  const { body } = await client.reply();
  client.destroy();
  return body;
}

const FORWARDED = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' };

test('whoever the file system lets in is served, and is nobody by address', async () => {
  rig = await startFront({ listen: [{ path }] }, answerAll);
  expect(await ask(FORWARDED)).toBe('<body/>');
  expect(rig.inputs).toMatchObject([{ type: 'request', address: '', secure: false }]);
  expect((statSync(path).mode & 0o777).toString(8)).toBe('660');
});

test("the mode of the file is the operator's", async () => {
  rig = await startFront({ listen: [{ path }], limits: { ...FRONT_LIMITS, socketMode: 0o600 } }, answerAll);
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
});

test('its word on the client counts where it is trusted', async () => {
  rig = await startFront({ listen: [{ path }], trustedProxies: ['unix'] }, answerAll);
  await ask(FORWARDED);
  await ask();
  expect(rig.inputs).toMatchObject([
    { address: '192.0.2.1', secure: true },
    { address: '', secure: false },
  ]);
});

test('a socket in use is not taken over, and the folder must be there', async () => {
  rig = await startFront({ listen: [{ path }] }, answerAll);
  await expect(startFront({ listen: [{ path }] }, answerAll)).rejects.toThrow(FrontError);
  const nowhere = { listen: [{ path: join(directory, 'none', 'http.sock') }] };
  await expect(startFront(nowhere, answerAll)).rejects.toThrow('there is no such folder');
  expect(await ask()).toBe('<body/>');
});
