import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, until } from '../support/program.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

test('boshd takes the socket that systemd has opened for it, with the request that woke it', async () => {
  const directory = await makeDirectory('activation');
  const port = await freePort();
  const file = join(directory, 'boshd.json');
  await writeFile(file, JSON.stringify({ listen: ['systemd'], log: { format: 'json' } }));
  const command = [process.execPath, MAIN, 'serve', '--config', file];
  // What systemd does for a socket unit: it listens, starts the program at the first connection, and passes the socket.
  const child = spawn('systemd-socket-activate', ['--listen', `127.0.0.1:${port}`, ...command]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    await until('the socket', () => Promise.resolve(output.includes('Listening on')));
    const reply = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(await reply.text()).toBe('ok\n');
    expect(output).toContain(`http://127.0.0.1:${port}/http-bind`);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended).toBe(0);
});

test('without systemd it says what is missing', async () => {
  const child = spawn(process.execPath, [MAIN, 'serve', '--listen', 'systemd']);
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  expect(await new Promise<number | null>((resolve) => child.once('close', resolve))).toBe(1);
  expect(output).toContain('systemd passed no sockets');
  expect(output).toContain('boshd.socket');
});
