import { randomBytes } from 'node:crypto';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoPages } from '../pages.ts';
import { startDemoServer } from '../stream/server.ts';
import { Child, freePort } from './child.ts';
import { DemoFront } from './front.ts';
import { type AskMember, type Carrier, COUNTRIES, DemoMember, KEYS_FILE } from './member.ts';

interface DemoCloudOptions {
  /** How many members, 2 to 9. */
  readonly count: number;
  /** Names of regions, at most 8; the members are dealt out to them in turn. */
  readonly regions: readonly string[];
  readonly host: string;
  readonly port: number;
  /** The program of boshd, which the members run. */
  readonly program: string;
  readonly ask: AskMember;
  /** Where programs are looked for: PATH. */
  readonly path: string;
  /** Undefined: NATS where nats-server is installed, else sockets. */
  readonly carrier: Carrier | undefined;
}

/** The demo of a cloud: what it runs, and how to end it. */
export interface DemoCloud {
  readonly url: string;
  readonly carrier: Carrier;
  close(): Promise<void>;
}

export const REGIONS_MAX = COUNTRIES.length;
/** How long a frozen member or a cut mesh lasts. */
const TROUBLE_MS = 5000;
const START_MS_MAX = 60_000;
const LOOK_MS = 100;
/** Debian has nats-server where only root's PATH leads. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Starts members, what carries their mesh, an XMPP domain in memory, and a front that balances, all on 127.0.0.1 and as
 * processes of this user. Rejects where a port cannot be had, or a member does not start.
 */
export async function startDemoCloud(options: DemoCloudOptions): Promise<DemoCloud> {
  const { count, regions, host, port, program, ask } = options;
  const nats = await startNats(options);
  const directory = await mkdtemp(join(tmpdir(), 'boshd-demo-'));
  writeFileSync(join(directory, KEYS_FILE), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const xmpp = await startDemoServer();
  const shared = { directory, program, regions, xmpp, natsUrl: nats?.url, ask };
  const members = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const place = { index, count, region: regions[index % regions.length] ?? '', port: await freePort() };
      return new DemoMember(place, shared);
    }),
  );
  const carrier = nats === undefined ? 'sockets' : 'nats';
  const control = new Control(members, regions, carrier, nats?.child);
  const pages = demoPages({ domain: xmpp.domain, index: 'cloud/index.html' });
  const front: DemoFront = new DemoFront({
    members,
    regions,
    page: (each) => pages({ path: each }),
    control: (method, url) => control.answer(method, url, (tab) => front.ownerOf(tab)),
  });
  const close = async () => {
    await front.close();
    await Promise.all(members.map((member) => member.stop()));
    await nats?.child.stop();
    await xmpp.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const bound = await front.listen(host, port);
    for (const member of members) member.start();
    await allWell(members);
    return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`, carrier, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the page asks for, and what its buttons do. */
class Control {
  readonly #members: readonly DemoMember[];
  readonly #regions: readonly string[];
  readonly #carrier: Carrier;
  readonly #nats: Child | undefined;

  constructor(
    members: readonly DemoMember[],
    regions: readonly string[],
    carrier: Carrier,
    nats: Child | undefined,
  ) {
    this.#members = members;
    this.#regions = regions;
    this.#carrier = carrier;
    this.#nats = nats;
  }

  async answer(
    method: string,
    { pathname, searchParams }: URL,
    ownerOf: (tab: string) => string | undefined,
  ): Promise<object | undefined> {
    if (method === 'GET' && pathname === '/cloud/state.json') {
      return {
        carrier: this.#carrier,
        isCut: this.#nats?.isFrozen === true,
        regions: this.#regions,
        members: await Promise.all(this.#members.map((member) => member.view())),
        owners: searchParams.getAll('tab').map((tab) => ownerOf(tab) ?? ''),
      };
    }
    if (method !== 'POST') return undefined;
    if (pathname === '/cloud/cut') return this.#cut();
    const member = this.#members.find(({ id }) => id === searchParams.get('member'));
    return member === undefined ? undefined : orderTo(member, pathname);
  }

  #cut(): object {
    void this.#nats?.freeze(TROUBLE_MS);
    return {};
  }
}

async function orderTo(member: DemoMember, path: string): Promise<object | undefined> {
  switch (path) {
    case '/cloud/kill':
      member.kill();
      return {};
    case '/cloud/start':
      member.start();
      return {};
    case '/cloud/restart':
      await member.stop();
      member.start();
      return {};
    case '/cloud/freeze':
      void member.freeze(TROUBLE_MS);
      return {};
    case '/cloud/drain':
      await member.drain();
      return {};
    default:
      return undefined;
  }
}

/** Undefined: not wanted, or not installed, so that the sockets of workers carry the mesh. */
async function startNats({
  path,
  carrier,
}: DemoCloudOptions): Promise<{ readonly child: Child; readonly url: string } | undefined> {
  if (carrier === 'sockets') return undefined;
  const command = [...path.split(delimiter), ...MORE_FOLDERS]
    .map((folder) => join(folder, 'nats-server'))
    .find(isProgram);
  if (command === undefined && carrier === 'nats') throw new Error('nats-server is not installed');
  if (command === undefined) return undefined;
  const port = await freePort();
  const child = new Child({ command, args: ['-a', '127.0.0.1', '-p', String(port)] });
  child.start();
  await eventually('nats-server', () => accepts(port));
  return { child, url: `nats://127.0.0.1:${port}` };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

async function allWell(members: readonly DemoMember[]): Promise<void> {
  for (const member of members) {
    await eventually(`the member ${member.id}`, async () => (await member.view()).state === 'live');
  }
}

async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + START_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > until) throw new Error(`${what} did not start within ${START_MS_MAX / 1000} s`);
    await sleep(LOOK_MS);
  }
}
