import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectory, type RunningProgram, startProgram, until } from './program.ts';
import { escapeXml } from './xmpp/xml.ts';

interface FinchOptions {
  /** The URL of its connection manager, with `http:`: it speaks no TLS to one of a test's authority. */
  readonly url: string;
  /** Without a resource. */
  readonly jid: string;
  readonly password: string;
}

/** Debian's finch in a terminal of its own: the client for text terminals that shares libpurple with Pidgin. */
export interface Finch extends RunningProgram {
  /** What its terminal shows, one line each, without the white space at their ends. */
  screen(): Promise<string>;
  /** Types text, or a key by the name that tmux has for it. */
  type(text: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Waits until its terminal shows the text. */
  shows(text: string): Promise<void>;
}

const run = promisify(execFile);

/** Wide enough for a message in one line. */
const COLUMNS = 160;
const LINES = 50;

/** Starts it; it logs in at once, whatever comes of that. */
export async function startFinch(options: FinchOptions): Promise<Finch> {
  const directory = await makeDirectory('finch');
  const socket = join(directory, 'tmux');
  const home = join(directory, 'home');
  const settings = join(home, '.purple');
  const configuration = join(directory, 'tmux.conf');
  await mkdir(settings, { recursive: true });
  await writeFile(join(settings, 'accounts.xml'), accounts(options));
  await writeFile(configuration, 'set -g exit-empty off\n');
  const tmux = async (...args: string[]) => (await run('tmux', ['-S', socket, ...args])).stdout;
  const program = await startProgram({
    name: 'tmux',
    command: 'tmux',
    // In the foreground (-D), so that it ends with the test.
    args: ['-u', '-f', configuration, '-S', socket, '-D'],
    directory,
    env: { HOME: home, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
    isReady: () =>
      tmux('list-sessions').then(
        () => true,
        (error: unknown) => isWithoutSessions(error),
      ),
  });
  const size = ['-x', String(COLUMNS), '-y', String(LINES)];
  await tmux('new-session', '-d', ...size, 'finch', '-c', settings);
  const screen = () => tmux('capture-pane', '-p');
  return {
    ...program,
    screen,
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    press: async (key) => void (await tmux('send-keys', key)),
    shows: async (text) => {
      try {
        await until(`finch shows ${text}`, async () => (await screen()).includes(text));
      } catch (error) {
        throw new Error(`its screen is:\n${await screen()}`, { cause: error });
      }
    },
  };
}

/** The server answers that there are none, so it is there. */
function isWithoutSessions(error: unknown): boolean {
  return error instanceof Error && 'stderr' in error && /no sessions/.test(String(error.stderr));
}

/** `connection_security`: over plain http libpurple would give up, since it asks for TLS by default. */
function accounts({ url, jid, password }: FinchOptions): string {
  return `<?xml version='1.0' encoding='UTF-8' ?>
<account version='1.0'>
  <account>
    <protocol>prpl-jabber</protocol>
    <name>${escapeXml(jid)}/finch</name>
    <password>${escapeXml(password)}</password>
    <settings>
      <setting name='bosh_url' type='string'>${escapeXml(url)}</setting>
      <setting name='connection_security' type='string'>opportunistic_tls</setting>
    </settings>
    <settings ui='gnt-purple'>
      <setting name='auto-login' type='bool'>1</setting>
    </settings>
  </account>
</account>
`;
}
