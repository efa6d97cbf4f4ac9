import { askAdmin, type MemberStatus, totalOf } from '../admin/index.ts';
import type { Config, Flags } from '../config/index.ts';
import type { DemoCloud } from '../demo/cloud/cloud.ts';
import type { AskMember } from '../demo/cloud/member.ts';
import { askAll, type Question } from '../workers/index.ts';
import { EXIT, type Surroundings } from './common/command.ts';
import { firstSignal } from './common/run-app.ts';
import { startAdvice } from './common/start-advice.ts';

export const MEMBERS_FLAG = 'members';
export const REGIONS_FLAG = 'regions';
export const MESH_FLAG = 'mesh';

const MEMBERS_MAX = 9;
const MEMBERS = 3;
const REGIONS = 'eu,us';
const REGION_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** Runs a cloud on this machine until a signal ends it; resolves with the exit code. */
export async function runDemoCloud(
  { listen }: Pick<Config, 'listen'>,
  flags: Flags,
  surroundings: Pick<Surroundings, 'onSignal' | 'exit' | 'out' | 'err' | 'environment'>,
): Promise<number> {
  const { out, err, environment } = surroundings;
  const { REGIONS_MAX, startDemoCloud } = await import('../demo/cloud/cloud.ts');
  const count = Number(flags.get(MEMBERS_FLAG)?.at(-1) ?? MEMBERS);
  const regions = (flags.get(REGIONS_FLAG)?.at(-1) ?? REGIONS).split(',');
  if (!Number.isInteger(count) || count < 2 || count > MEMBERS_MAX) {
    err(`boshd demo: --${MEMBERS_FLAG} takes a number from 2 to ${MEMBERS_MAX}\n`);
    return EXIT.misused;
  }
  if (regions.length > REGIONS_MAX || !regions.every((each) => REGION_NAME.test(each))) {
    err(
      `boshd demo: --${REGIONS_FLAG} takes at most ${REGIONS_MAX} names of small letters and digits, with commas between them\n`,
    );
    return EXIT.misused;
  }
  const mesh = flags.get(MESH_FLAG)?.at(-1);
  if (mesh !== undefined && mesh !== 'nats' && mesh !== 'sockets') {
    err(`boshd demo: --${MESH_FLAG} takes nats or sockets\n`);
    return EXIT.misused;
  }
  const at = listen.find((each) => 'host' in each) ?? { host: '127.0.0.1', port: 5280 };
  const { host, port } = at;
  const signal = firstSignal(surroundings);
  let cloud: DemoCloud;
  try {
    const program = process.argv[1] ?? '';
    const path = environment['PATH'] ?? '';
    cloud = await startDemoCloud({ count, regions, host, port, program, ask, path, carrier: mesh });
  } catch (error) {
    err(startAdvice(error) ?? `boshd demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  }
  out(invitation(cloud, count, regions));
  await signal;
  await cloud.close();
  return EXIT.done;
}

const ask: AskMember = {
  async status(door) {
    const [member] = await answersOf(door, { about: 'status' });
    if (member === undefined) throw new Error('no answer');
    const { notReady, sites, cluster } = member as MemberStatus;
    const { open, opening } = totalOf(sites);
    const sees = (cluster?.others ?? []).map(({ member: other, state }) => `${other} is ${state}`);
    return { notReady, sessions: open + opening, sees };
  },
  async drain(door) {
    await answersOf(door, { about: 'order', order: 'drain', of: '' });
  },
};

/** Both ends are this program, so the answers are what they are taken for. */
async function answersOf(
  { process, socket }: Parameters<AskMember['status']>[0],
  question: Extract<Question, { about: 'status' | 'order' }>,
): Promise<readonly unknown[]> {
  if (socket === undefined) return askAll([process], question);
  const isOrder = question.about === 'order';
  const { text } = await askAdmin(
    { path: socket },
    isOrder ? 'POST' : 'GET',
    isOrder ? `/${question.order}` : '/status.json',
  );
  return isOrder ? [] : (JSON.parse(text) as readonly unknown[]);
}

function invitation({ url, carrier }: DemoCloud, count: number, regions: readonly string[]): string {
  const page = new URL(url);
  if (page.hostname === '127.0.0.1') page.hostname = 'localhost';
  const mesh =
    carrier === 'nats'
      ? 'NATS carries their mesh (nats-server, started for this).'
      : 'Sockets carry their mesh, as between workers of one boshd: without nats-server it cannot be cut here.';
  return `
  ${count} members of boshd run, in ${regions.join(', ')}, behind a proxy that balances.
  ${mesh}

  Open   ${page.href}   and chat while you kill and freeze them.

  Ctrl-C ends all of it.

`;
}
