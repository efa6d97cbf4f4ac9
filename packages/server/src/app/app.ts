import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ascii, fault } from '@boshd/engine/kit';
import type { CloudManager, ConnectionManager, Survival } from '@boshd/engine/manager';
import type { AdminAddress, OrderOutcome, Orders, SelfParts } from '../admin/index.ts';
import { Anchored } from '../compose/anchored.ts';
import { type Cloud, type CloudMesh, cloudOf } from '../compose/cloud.ts';
import { clusterOf } from '../compose/cluster-status.ts';
import { Drain } from '../compose/drain.ts';
import { connect, endSessions, join, leave, machineOf, orLeave, prebindFor } from '../compose/machine.ts';
import { kick, openAdmin } from '../compose/operator.ts';
import { frontOptionsOf, managerConfigOf, upstreamOptionsOf, urlOf } from '../compose/options.ts';
import { openRegions } from '../compose/regions.ts';
import { type ReadConfig, Reloader } from '../compose/reload.ts';
import { frontSeries, hopSeries, trafficSeries } from '../compose/traffic.ts';
import type { Config } from '../config/index.ts';
import { clock, Driver } from '../driver.ts';
import { createFront, type Front } from '../front/front.ts';
import type { FrontOptions } from '../front/options.ts';
import { firstOf, healthPages, type Pages } from '../front/reply/pages.ts';
import type { Observe } from '../observe/index.ts';
import type { FrontPort, Submit } from '../ports.ts';
import { nodeToolbox } from '../toolbox.ts';
import type { UpstreamOptions } from '../upstream/kit/options.ts';
import { createUpstream, type Upstream } from '../upstream/upstream.ts';
import { version } from '../version.ts';
import type { AnchoredPlace, WorkerPlace } from '../workers/index.ts';

/** A boshd that runs in this process. */
export interface App {
  /** The BOSH URLs, one for each address that is listened on. */
  readonly urls: readonly string[];
  /** Where the operator's listener is. */
  readonly admin: readonly AdminAddress[];
  /** Reads the configuration again and puts it into effect; no session is dropped. */
  reload(): OrderOutcome;
  /**
   * Ends every session with system-shutdown, closes the streams properly, and everything else. Resolves when it is done,
   * at the latest after the configuration's shutdown.deadline.
   */
  stop(): Promise<void>;
  /** Only of a worker of an anchor. */
  readonly anchored?: AnchoredApp | undefined;
}

export interface AnchoredApp {
  /** Gives all sessions to the worker that replaces this one, then ends. */
  leave(): Promise<void>;
  /** Resolves, with the reason, when the anchor is gone. */
  readonly lost: Promise<string>;
  /** Ends at once what is left, when the anchor is gone. */
  abandon(): Promise<void>;
}

export interface AppParts {
  readonly config: Config;
  readonly observe: Observe;
  /** What other paths than the BOSH ones show. Default: nothing but /healthz and /readyz. */
  readonly pages?: Pages;
  /** How a reload reads the configuration. Default: there is none to read. */
  readonly readConfig?: ReadConfig;
  /** Which of several workers this process is. Default: none. */
  readonly worker?: WorkerPlace | undefined;
  /** What the anchor gave this process. Default: there is none. */
  readonly anchor?: AnchoredPlace | undefined;
}

/** How long other workers may take to answer what came here for their sessions, before this one gives up its own. */
const ANSWERS_MS = 500;
/** How long replies may take that are on their way when sessions were given up, or the anchor is gone. */
const LAST_REPLIES_MS = 1500;

/** Puts boshd together and starts it. Throws FrontError when an address can not be had. */
export async function startApp({
  config,
  observe,
  pages = () => undefined,
  readConfig = () => fault(['there is no configuration to read again']),
  worker,
  anchor,
}: AppParts): Promise<App> {
  const toolbox = nodeToolbox();
  const anchored = anchor === undefined ? undefined : await Anchored.of(anchor);
  const cloud = cloudOf(config, worker, toolbox, anchor?.name);
  const manager = machineOf(config, cloud, toolbox, anchored?.survival);
  const driver = new Driver(manager);
  const submit = driver.submit.bind(driver);
  const drain = new Drain(driver, manager, () => reloader.config.shutdown.drain, observe.logger);
  let isStarted = false;
  const health = healthPages(() => lineOf(isStarted ? drain.notReady : 'starting'));
  const regions = await openRegions(config, observe.logger);
  const frontOptions = (current: Config) => ({
    ...frontOptionsOf(current, firstOf(health, pages), (text, site) => prebind.order(text, site), anchored),
    regionsOf: regions.regionsOf,
  });
  const prebind = prebindFor(driver, toolbox, () => reloader.config);
  const front = createFront(frontOptions(config), submit, toolbox, observe.event.bind(observe));
  const apply = applyTo(front, driver, frontOptions, anchored?.survival);
  const reloader = new Reloader(config, readConfig, apply, observe.logger);
  const ports = portsOf(prebind.before(front), anchored, upstreamOptionsOf(config), submit);
  const mesh = connect(driver, { ...ports, observe }, cloud, anchored);
  // What cannot listen never becomes a member.
  const { bound } = await orLeave(open(front, driver, anchored, cloud), driver, mesh);
  const giveUp = closing(front);
  if (cloud !== undefined) await orLeave(join(manager, mesh, cloud), driver, mesh).catch(giveUp);
  const self = selfOf(manager, front, observe, reloader, drain, cloud?.identity.id ?? hostname());
  const orders = ordersOf(reloader, drain, (session) => kick(session, manager, driver, observe.logger));
  const taken = { orders, prebind: (order: string) => prebind.order(order, undefined) };
  const admin = await openAdmin(config, self, taken, (worker ?? anchor) !== undefined).catch(giveUp);
  isStarted = true;
  anchored?.ready();
  return {
    urls: bound.map((address) => urlOf(address, config)),
    admin: admin.bound,
    reload: () => reloader.reload(),
    stop: async () => {
      await stopServing(drain, reloader.config, driver, manager, front, ports.upstream, mesh);
      regions.close();
      await admin.close();
    },
    anchored: anchored === undefined ? undefined : anchoredApp(anchored, front, driver, drain, mesh),
  };
}

/** What the operator may order. */
function ordersOf(reloader: Reloader, drain: Drain, end: (session: string) => OrderOutcome): Orders {
  return {
    reload: async () => reloader.reload(),
    drain: async (about) => drain.order(about),
    kick: async (session) => end(session),
  };
}

async function stopServing(
  drain: Drain,
  { shutdown }: Config,
  driver: Driver,
  manager: CloudManager | ConnectionManager,
  front: Front,
  upstream: Pick<Upstream, 'stop'>,
  mesh: CloudMesh | undefined,
): Promise<void> {
  drain.stopping();
  await endSessions(driver, manager, shutdown.drain, mesh);
  await Promise.all([front.close(shutdown.deadline), upstream.stop(shutdown.deadline)]);
  await leave(driver, mesh);
}

function anchoredApp(
  anchored: Anchored,
  front: Front,
  driver: Driver,
  drain: Drain,
  mesh: CloudMesh | undefined,
): AnchoredApp {
  return {
    leave: async () => {
      drain.stopping();
      const answered = front.release();
      if (mesh !== undefined) driver.submit({ type: 'mesh-release' });
      await Promise.race([answered, sleep(ANSWERS_MS)]);
      await anchored.leave(driver);
      // Without a goodbye, which would say that its sessions are over.
      await Promise.all([front.close(LAST_REPLIES_MS), mesh?.close()]);
    },
    lost: anchored.lost,
    abandon: () => front.close(LAST_REPLIES_MS),
  };
}

/** Links are this process's own, or its anchor's. */
function portsOf(
  front: FrontPort,
  anchored: Anchored | undefined,
  options: UpstreamOptions,
  submit: Submit,
): ReturnType<Anchored['ports']> {
  return anchored?.ports(front, options, submit) ?? { front, upstream: createUpstream(options, submit) };
}

/** Sessions that wait come before clients do. */
async function open(front: Front, driver: Driver, anchored: Anchored | undefined, cloud: Cloud | undefined) {
  await anchored?.begin(driver, cloud?.identity.incarnation);
  return front.listen();
}

/** What could not be started stops listening. */
function closing(front: Front): (error: unknown) => Promise<never> {
  return async (error) => {
    await front.close(0);
    throw error;
  };
}

function lineOf(text: string | undefined) {
  return text === undefined ? undefined : ascii(`${text}\n`);
}

/** What can not be read, or not be used, is told before anything is changed. */
function applyTo(
  front: Front,
  driver: Driver,
  optionsOf: (config: Config) => FrontOptions,
  survival: Survival | undefined,
): (next: Config) => void {
  return (next) => {
    const config = { ...managerConfigOf(next), survival };
    front.reconfigure(optionsOf(next));
    driver.submit({ type: 'reconfigure', config });
  };
}

function selfOf(
  manager: CloudManager | ConnectionManager,
  front: Front,
  { counters, histograms, ends }: Observe,
  reloader: Reloader,
  drain: Drain,
  member: string,
): SelfParts {
  const sites = () => ['default', ...reloader.config.sites.keys()];
  return {
    member,
    version: version(),
    sites,
    slots: () => manager.inspect(),
    sockets: () => manager.inspectSockets(),
    notReady: () => drain.notReady,
    drainLeftMs: () => drain.leftMs,
    now: clock,
    memory: () => ({
      bytes: manager.memory.bytes + front.reading.bytes,
      bytesMax: manager.memory.bytesMax + front.reading.bytesMax,
    }),
    series: () => [
      ...begun(counters, sites()).described(),
      ...trafficSeries(manager.sites()),
      ...hopSeries(clusterOf(manager)),
      ...frontSeries(front),
    ],
    histograms: () => histograms.described(sites()),
    cluster: () => clusterOf(manager),
    ends,
  };
}

/** A reload brings new sites. */
function begun(counters: Observe['counters'], sites: readonly string[]): Observe['counters'] {
  counters.begin(sites);
  return counters;
}
