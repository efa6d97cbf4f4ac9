import { millis, seconds, type Toolbox } from '@boshd/engine/kit';
import { DEFAULT_MESH_LIMITS, type MeshLimits } from '@boshd/engine/mesh';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { stageConfig } from '../scenarios/config.ts';
import { HABITS, type Habit } from '../simulation/actors/habits.ts';
import { Person } from '../simulation/actors/person.ts';
import { Broken } from '../simulation/checks/ledger.ts';
import { encoded, judgeMidway } from '../simulation/checks/verdict.ts';
import { Random } from '../simulation/world/random.ts';
import { type Climate, Sky } from '../simulation/world/weather.ts';
import { CloudWorld } from './cloud-world.ts';
import { SessionWatch } from './session-watch.ts';
import { type Kind, Trouble } from './trouble.ts';

const TROUBLE_MS = 90_000;
const SETTLE_MS = 120_000;
/** Longer than anything is kept: members that are gone, sessions that ended. */
const END_MS = 400_000;
const PERSONS = 6;

/**
 * A page that is reloaded never repeats the request that was open, so what was in its reply is lost to it if the owner could
 * not hear that it is gone. That is so with one manager whose front hears nothing, too; members that lose each other are
 * just that, so where they do pages stay.
 */
const STEADY: readonly Habit[] = HABITS.map((habit) => ({ ...habit, reloads: 'never' as const }));

export interface CloudRun {
  readonly persons: readonly Person[];
  readonly watches: readonly SessionWatch[];
  readonly bereaved: number;
  readonly troubles: ReadonlyMap<Kind, number>;
  readonly steps: number;
  readonly carried: number;
  readonly journal: readonly string[];
}

export interface CloudRunOptions {
  /** Members fail. Default true. */
  readonly hasTrouble?: boolean;
  readonly climate?: Climate;
  /** Gets the world at its beginning, to look into it when something breaks. */
  readonly begun?: (world: CloudWorld) => void;
}

/** Announcements every 100 ms, as by default, make a run long; most seeds take a slower pace, all else in proportion. */
function limitsOf(random: Random): MeshLimits {
  const pace = random.pick([1, 5, 5]);
  const { heartbeat, probeAfter } = DEFAULT_MESH_LIMITS;
  return {
    ...DEFAULT_MESH_LIMITS,
    heartbeat: millis(heartbeat * pace),
    probeAfter: millis(probeAfter * pace),
    suspectAfter: seconds(pace === 1 ? 2 : 3),
    remember: seconds(150),
    pieceBytesMax: random.pick([DEFAULT_MESH_LIMITS.pieceBytesMax, 1024]),
  };
}

export function runCloud(
  seed: number,
  { hasTrouble = true, climate, begun }: CloudRunOptions = {},
): CloudRun {
  const random = new Random(seed);
  const config = stageConfig(new Map([['resumption', 'false']]));
  const limits = limitsOf(random.fork('limits'));
  const toolbox = seeded(random.fork('members'));
  const names = ['a', 'b', 'c', 'd'].slice(0, random.fork('size').pick([2, 3, 3, 4]));
  const world = new CloudWorld({ config, limits, toolbox }, random.fork('cloud'), names);
  begun?.(world);
  const knownMs = limits.probeAfter + limits.heartbeat + limits.confirmAfter + 50;
  const trouble = new Trouble(world, random.fork('trouble'), hasTrouble ? TROUBLE_MS : 0, knownMs);
  const watches: SessionWatch[] = [];
  const persons = Array.from({ length: PERSONS }, (_, index) => {
    const base = random.fork(`p${index}`);
    const watch = new SessionWatch(`p${index}`, config.session);
    watches.push(watch);
    const weather = climate ?? base.pick<Climate>(['calm', 'calm', 'rough']);
    const person = new Person(`p${index}`, base.pick(hasTrouble ? STEADY : HABITS), {
      world,
      random: base.fork('person'),
      sky: new Sky(base.fork('sky'), weather, TROUBLE_MS),
      toolbox: seeded(base.fork('toolbox')),
      check: watch,
    });
    const startMs = base.between(0, TROUBLE_MS / 2);
    person.start(
      startMs,
      base.pick(['stay', 'stay', 'terminate', 'vanish'] as const),
      base.between(startMs, TROUBLE_MS),
    );
    return person;
  });
  world.run(TROUBLE_MS + SETTLE_MS);
  for (const person of persons) judgeMidway(person);
  for (const person of persons) person.terminate();
  world.run(TROUBLE_MS + SETTLE_MS + END_MS);
  for (const person of persons) judgeAtEnd(person, world);
  judgeWorld(world);
  return {
    persons,
    watches,
    bereaved: world.bereaved.size,
    troubles: trouble.counts,
    steps: world.steps,
    carried: persons.reduce((sum, { ledger }) => sum + ledger.carried, 0),
    journal: world.journal,
  };
}

function seeded(random: Random): Toolbox {
  return { ...nodeToolbox(), randomBytes: (count) => random.bytes(count) };
}

/** Both ends know of the end, and nothing is neither here nor there, unless it was at a member that died. */
function judgeAtEnd(person: Person, world: CloudWorld): void {
  const { name, end, endReason, server, ledger, sessionCheck } = person;
  if (sessionCheck.openRequests > 0) throw new Broken(name, 'a request was never answered');
  if (!person.isVanished && end === undefined)
    throw new Broken(name, 'the client does not know that the session is over');
  if (world.bereaved.has(person) || server === undefined || server.isBroken) return;
  if (endReason === undefined) throw new Broken(name, 'its member does not know that the session is over');
  if (end !== undefined) ledger.settleClient(end.inDoubt.map(encoded), end.unsent.map(encoded));
  if (server.wasBound && !world.unread.has(person))
    ledger.settleServer((id) => sessionCheck.isTakenAsRead(id));
}

function judgeWorld(world: CloudWorld): void {
  if (world.requests.size > 0) throw new Broken('', `${world.requests.size} requests are left at the end`);
  for (const { manager, name } of world.hosts) {
    if (manager === undefined) throw new Broken('', `${name} was never started again`);
    const { guests, members } = manager.snapshot(world.now);
    const left = {
      sessions: manager.liveSessions,
      memories: [...manager.inspect()].length + manager.rememberedSessions,
      guests,
      requests: members.reduce((sum, { requests }) => sum + requests, 0),
      dead: members.filter(({ state }) => state !== 'live').length,
      missing: world.hosts.length - 1 - members.length,
    };
    for (const [what, count] of Object.entries(left))
      if (count > 0) throw new Broken('', `${count} ${what} are left at ${name}`);
  }
}
