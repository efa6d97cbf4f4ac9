import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startBoshd } from '../support/boshd.ts';
import { openFiles } from '../support/open-files.ts';
import { until } from '../support/program.ts';

const SPARE_FILES = 20;
const CONNECTIONS = 60;
const CONNECTIONS_MAX = 1000;

test('without a file descriptor boshd goes on, and says what to do', { timeout: 60_000 }, async () => {
  const boshd = await startBoshd();
  const sockets: Socket[] = [];
  const join = () => {
    sockets.push(connect(boshd.port, '127.0.0.1').on('error', () => undefined));
  };
  try {
    const limit = openFiles(boshd.pid) + SPARE_FILES;
    execFileSync('prlimit', [`--nofile=${limit}:${limit}`, '--pid', String(boshd.pid)]);
    for (let count = 0; count < CONNECTIONS; count += 1) join();
    // Some end while we wait, and leave room for others.
    const line = await until('a line in the log', async () => {
      if (sockets.length < CONNECTIONS_MAX) join();
      return (await boshd.lines()).find(({ code }) => code === 'no-file-descriptor');
    });
    expect(line['detail']).toContain('LimitNOFILE');
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await until('boshd to answer again', async () => (await fetch(boshd.url).catch(() => undefined))?.ok);
  await boshd.stop();
});
