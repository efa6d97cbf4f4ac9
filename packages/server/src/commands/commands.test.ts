import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { run } from './index.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const DOCS = fileURLToPath(new URL('../../../../docs/', import.meta.url));

let directory = '';
beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build`);
  directory = mkdtempSync(join(tmpdir(), 'boshd-commands-'));
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(tmpdir());
  rmSync(directory, { recursive: true });
});

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

/** A boshd of its own, with what it writes. */
function boshd(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const written = { out: '', err: '' };
  const watchers = new Set<() => void>();
  const collect = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text;
    for (const watch of watchers) watch();
  };
  child.stdout.setEncoding('utf8').on('data', collect('out'));
  child.stderr.setEncoding('utf8').on('data', collect('err'));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  /** The first match in the output, waited for; the end of the process without one is an error. */
  const found = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(written.out)?.[0];
        if (match !== undefined) resolve(match);
      };
      watchers.add(look);
      look();
      void ended.then((code) => reject(new Error(`ended with ${code}: ${written.out}${written.err}`)));
    });
  return { child, written, ended, found };
}

/** The same in this process, for what needs none of its own. */
async function finished(args: readonly string[], environment: Record<string, string> = {}) {
  const written = { out: '', err: '' };
  const collect = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text;
  };
  const code = await run(args, {
    environment,
    isTerminal: false,
    out: collect('out'),
    err: collect('err'),
    onSignal: nothing,
    onReload: nothing,
    onLeave: nothing,
    onRestart: nothing,
    exit: (exitCode) => {
      throw new Error(`it would have ended at once, with ${exitCode}`);
    },
    loadApp: async () => (await import('../app/app.ts')).startApp,
  });
  return { code, ...written };
}

const nothing = () => undefined;

test('the process says what its command does, and ends with its code', async () => {
  const { written, ended } = boshd(['check-confg']);
  expect(await ended).toBe(2);
  expect(written).toEqual({ out: '', err: expect.stringContaining('unknown command') });
});

describe('the small commands', () => {
  test.each<[string, string[], number, string, string]>([
    ['nothing', [], 2, '', 'Usage: boshd COMMAND'],
    ['version', ['--version'], 0, 'boshd 0.', ''],
    ['help', ['help'], 0, 'check-config FILE', ''],
    ['--help', ['--help'], 0, 'check-config FILE', ''],
    ['help of a command', ['help', 'serve'], 0, '--session-wait-max', ''],
    ['help of a command, by a flag', ['demo', '--help'], 0, 'Usage: boshd demo', ''],
    ['help of an unknown command', ['help', 'sevre'], 2, '', 'did you mean serve?'],
    [
      'an unknown command',
      ['check-confg'],
      2,
      '',
      'unknown command "check-confg"; did you mean check-config?',
    ],
    ['an unknown flag', ['serve', '--lisen=x'], 2, '', 'unknown flag --lisen; did you mean --listen?'],
    ['a missing operand', ['check-config'], 2, '', 'an argument is missing'],
    ['a time that is none', ['drain', '--for', 'soon'], 2, '', '--for must be a time, such as 10m'],
    ['a surplus operand', ['serve', 'boshd.yaml'], 2, '', 'unexpected argument "boshd.yaml"'],
    ['a wrong flag value', ['serve', '--listen=5280'], 1, '', '--listen: listen[0] "5280" is not an address'],
    ['a file that is not there', ['serve', '--config', 'no.yaml'], 1, '', 'no.yaml: does not exist'],
  ])('%s', async (_title, args, code, out, err) => {
    const result = await finished(args);
    expect(result).toEqual({ code, out: expect.stringContaining(out), err: expect.stringContaining(err) });
    expect(code === 0 ? result.err : result.out).toBe('');
  });

  test('config-reference prints what is in docs/', async () => {
    const { code, out } = await finished(['config-reference']);
    expect([code, out]).toEqual([0, readFileSync(join(DOCS, 'config-reference.md'), 'utf8')]);
  });

  test('config-reference --json-schema prints a JSON Schema', async () => {
    const { code, out } = await finished(['config-reference', '--json-schema']);
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ type: 'object' })]);
  });
});

test.each(['serve', 'check-config', 'status', 'sessions', 'kick', 'drain', 'reload', 'check', 'demo'])(
  'help %s fits a screen of 24 lines and 140 columns',
  async (command) => {
    const { code, out } = await finished(['help', command]);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(140);
  },
);

describe('check-config', () => {
  test('prints what would be in effect', async () => {
    writeFileSync(join(directory, 'good.yaml'), 'session: { waitMax: 20s }\n');
    const { code, out, err } = await finished(['check-config', 'good.yaml', '--session-polling=9s'], {
      BOSHD_SESSION_MAXPAUSE: '60s',
    });
    expect([code, err]).toEqual([0, '']);
    for (const line of ['waitMax: 20s', 'polling: 9s', 'maxpause: 60s', 'inactivity: 90s']) {
      expect(out).toContain(`  ${line}\n`);
    }
  });

  test('prints all that is wrong', async () => {
    writeFileSync(join(directory, 'bad.yaml'), 'session:\n  wiat: 20s\nlisten: [x]\n');
    const { code, out, err } = await finished(['check-config', 'bad.yaml']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('bad.yaml:2:3: session.wiat is an unknown key; did you mean session.waitMax?\n');
    expect(err).toContain('bad.yaml:3:10: listen[0] "x" is not an address with a port;');
    expect(err).toContain('The configuration has 2 problems.\n');
    expect(err).toContain('What else could be checked is right');
  });

  test('looks into the files, and says that the rest is right; serve and a reload refuse the same', async () => {
    writeFileSync(join(directory, 'junk.pem'), 'junk');
    writeFileSync(join(directory, 'pair.yaml'), 'tls: { certFile: junk.pem, keyFile: junk.pem }\n');
    const { code, out, err } = await finished(['check-config', 'pair.yaml']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(
      /^tls\.certFile names .*junk\.pem, which has no certificate.*\ntls\.keyFile names .*\nAll else is right\.\n$/,
    );
    const started = await finished(['serve', '--config', 'pair.yaml', '--listen=127.0.0.1:0']);
    expect([started.code, started.out]).toEqual([1, '']);
    expect(started.err).toBe(`boshd could not start:\n${err.replace('All else is right.\n', '')}`);
  });

  test.each<[what: string, text: Buffer, problem: RegExp]>([
    [
      'two documents',
      Buffer.from('log: {}\n---\nlog: {}\n'),
      /^odd\.yaml:2:1: begins a second YAML document/,
    ],
    [
      'an unknown alias',
      Buffer.from('domains: { allow: [*.example.org] }\n'),
      /uses the alias \*\.example\.org/,
    ],
    ['UTF-16', Buffer.from('\ufefflog: {}\n', 'utf16le'), /is in UTF-16; save it as UTF-8/],
  ])('%s, in plain words, to check-config and to serve', async (_what, text, problem) => {
    writeFileSync(join(directory, 'odd.yaml'), text);
    const checked = await finished(['check-config', 'odd.yaml']);
    const served = await finished(['serve', '--config', 'odd.yaml']);
    expect([checked.code, served.code, checked.out, served.out]).toEqual([1, 1, '', '']);
    expect(checked.err).toMatch(problem);
    expect(served.err).toMatch(problem);
  });
});

describe('serve', () => {
  test('says where it listens, answers there, and stops on SIGTERM', async () => {
    const { child, ended, found, written } = boshd(['serve'], { BOSHD_LISTEN: '127.0.0.1:0' });
    const url = await found(/http:\/\/127\.0\.0\.1:\d+\/http-bind/);
    expect((await fetch(url)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    const messages = written.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect(messages).toEqual(['listening', 'stopping', 'stopped']);
    expect(written.err).toBe('');
  });

  test('says where the operator finds it', async () => {
    const { child, ended, found } = boshd(['serve', '--admin-listen', '127.0.0.1:0'], {
      BOSHD_LISTEN: '127.0.0.1:0',
    });
    const line = await found(/\{.*listening for the operator.*\}/);
    const { at } = JSON.parse(line);
    expect((await fetch(`http://${at}/metrics`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('takes its file from the environment where no flag names one', async () => {
    writeFileSync(join(directory, 'serve.yaml'), 'listen: ["127.0.0.1:0"]\npaths: [/from-file]\n');
    const { child, ended, found } = boshd(['serve', '--log-format=text'], { BOSHD_CONFIG: 'serve.yaml' });
    await found(/info {2}listening {2}url=http:\/\/127\.0\.0\.1:\d+\/from-file\n/);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  test('says what to do when the port is taken', async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => {
        const address = holder.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    try {
      const { code, err } = await finished(['serve', `--listen=127.0.0.1:${port}`]);
      expect(code).toBe(1);
      expect(err).toContain(`127.0.0.1:${port}`);
      for (const word of ['Prosody and ejabberd', '--listen']) expect(err).toContain(word);
    } finally {
      holder.close();
    }
  });
});

describe('demo', () => {
  test('shows a page beside the BOSH URL', async () => {
    const { child, ended, found } = boshd(['demo', '--listen=127.0.0.1:0']);
    const page = await found(/http:\/\/localhost:\d+\/(?= )/);
    const response = await fetch(page.replace('localhost', '127.0.0.1'));
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});
