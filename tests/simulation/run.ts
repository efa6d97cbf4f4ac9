import type { Toolbox } from '@boshd/engine/kit';
import type { ManagerConfig } from '@boshd/engine/manager';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { stageConfig } from '../scenarios/config.ts';
import { HABITS, type Habit } from './actors/habits.ts';
import { Person } from './actors/person.ts';
import { Rogue } from './actors/rogue.ts';
import { UNCONFIRMED_LEAST } from './actors/server-management.ts';
import { Broken } from './checks/ledger.ts';
import { MemoryCheck } from './checks/memory.ts';
import { Recorder } from './checks/replay.ts';
import { SameReplies } from './checks/same-replies.ts';
import { SessionCheck } from './checks/session-check.ts';
import { Draws, Shadow } from './checks/shadow.ts';
import { judgeAtEnd, judgeMidway } from './checks/verdict.ts';
import type { Crashes } from './world/crashes.ts';
import { Random } from './world/random.ts';
import type { Witness } from './world/realm.ts';
import { type Climate, Sky } from './world/weather.ts';
import { World } from './world/world.ts';

/** So long things go wrong; then so long, all being well, for everything to arrive. */
const TROUBLE_MS = 120_000;
const SETTLE_MS = 200_000;
const PERSONS = 5;

export interface RunOptions {
  /** Of clients that keep the rules. */
  readonly persons?: number;
  readonly troubleMs?: number;
  readonly settleMs?: number;
  /** Clients that break the rules. Default: by the seed, none to two. */
  readonly rogues?: number;
  /** Whether `advance` may be called late, as in a busy process. Default true, by the seed. */
  readonly isPunctual?: boolean;
  readonly witnesses?: readonly Witness[];
  /** What the clients are. Default: those of others. */
  readonly habits?: readonly Habit[];
  /** The process dies, and another goes on. Default: never. */
  readonly crashes?: (random: Random) => Crashes;
  /** Beside each process that goes on another one does, restored from its records. Default false. */
  readonly isShadowed?: boolean;
}

/** What a seed led to, when nothing was wrong with it. */
export interface Run {
  readonly settings: ReadonlyMap<string, string>;
  readonly persons: readonly Person[];
  /** Inputs and calls of `advance`. */
  readonly steps: number;
  /** Records of sessions that were written. */
  readonly records: number;
  /** Turns in which a process did the same as one that was restored from its records. */
  readonly shadowed: number;
  /** Payloads that came to whom they were for. */
  readonly carried: number;
}

/** What is chosen for a seed: the limits of the manager, in the words of `tests/scenarios/config.ts`. */
export function settingsOf(seed: number): ReadonlyMap<string, string> {
  const random = new Random(seed).fork('settings');
  return new Map([
    ['heldRepeat', random.pick(['error', 'error', 'same'])],
    ['gather', random.pick(['0ms', '5ms', '5ms', '10ms'])],
    ['holdMax', random.pick(['1', '1', '2'])],
    ['waitMax', random.pick(['55s', '20s'])],
    ['inactivity', random.pick(['90s', '40s'])],
    ['queueBytesMax', random.pick(['1048576', '4096'])],
    ['unconfirmedMax', random.pick(['400', String(UNCONFIRMED_LEAST)])],
  ]);
}

/** Lets a world happen that the seed decides, and throws `Broken` when anything in it is against the invariants. */
export function runSeed(seed: number, options: RunOptions = {}): Run {
  const random = new Random(seed);
  const settings = settingsOf(seed);
  const config = stageConfig(settings);
  const recorder = new Recorder();
  const memory: MemoryCheck = new MemoryCheck(config, () => world.manager);
  const latenessMs = options.isPunctual === true ? 0 : random.fork('lateness').pick([0, 0, 0, 3, 20]);
  const witnesses = [...(options.witnesses ?? []), recorder, memory];
  const crashes = options.crashes?.(random.fork('crashes'));
  const draws = new Draws(seededToolbox(random.fork('manager')));
  const shadow = new Shadow(config, draws);
  if (crashes !== undefined) witnesses.push(new SameReplies(draws.toolbox));
  if (options.isShadowed === true) witnesses.push(shadow);
  const world = new World(config, draws.toolbox, witnesses, latenessMs, crashes);

  const climates = new Map<Person, Climate>();
  const { troubleMs = TROUBLE_MS, settleMs = SETTLE_MS } = options;
  for (let index = 0; index < (options.persons ?? PERSONS); index += 1)
    enterPerson(`p${index}`, random, config, world, climates, options.habits ?? HABITS, troubleMs);
  const rogues = options.rogues ?? random.fork('rogues').pick([0, 1, 2]);
  for (let index = 0; index < rogues; index += 1)
    new Rogue(`r${index}`, world, random.fork(`r${index}`), troubleMs);

  const persons = [...climates.keys()];
  world.run(troubleMs + settleMs);
  for (const person of persons) judgeMidway(person);
  for (const person of persons) person.terminate();
  world.run(Number.POSITIVE_INFINITY);
  for (const [person, climate] of climates) judgeAtEnd(person, climate);
  judgeWorld(world);
  if (crashes === undefined) recorder.replay(config, seededToolbox(random.fork('manager')));
  const carried = persons.reduce((sum, { ledger }) => sum + ledger.carried, 0);
  const records = world.anchor?.records ?? 0;
  return { settings, persons, steps: recorder.steps, records, carried, shadowed: shadow.turns };
}

/** Everybody's choices come from a fork of its own, so that nobody's depend on who else is there. */
function enterPerson(
  name: string,
  base: Random,
  config: ManagerConfig,
  world: World,
  climates: Map<Person, Climate>,
  habits: readonly Habit[],
  troubleMs: number,
): void {
  const random = base.fork(name);
  const climate = random.pick<Climate>(['calm', 'rough', 'rough', 'stormy']);
  const person = new Person(name, random.pick(habits), {
    world,
    random: random.fork('person'),
    sky: new Sky(random.fork('sky'), climate, troubleMs),
    toolbox: seededToolbox(random.fork('toolbox')),
    check: new SessionCheck(name, config.session, world.latenessMs),
  });
  climates.set(person, climate);
  const startMs = random.between(0, troubleMs / 2);
  const leave = random.pick(['stay', 'stay', 'terminate', 'vanish'] as const);
  person.start(startMs, leave, random.between(startMs, troubleMs));
}

function seededToolbox(random: Random): Toolbox {
  return { ...nodeToolbox(), randomBytes: (count) => random.bytes(count) };
}

/** Nothing is left behind. */
function judgeWorld(world: World): void {
  const left = {
    requests: world.openRequests,
    links: world.openLinks,
    sessions: world.manager.liveSessions,
    memories: [...world.manager.inspect()].length + world.manager.rememberedSessions,
  };
  for (const [what, count] of Object.entries(left))
    if (count > 0) throw new Broken('', `${count} ${what} are left at the end`);
  if (world.manager.deadline !== undefined) throw new Broken('', 'the manager wants to be called for ever');
}
