import { setTimeout as sleep } from 'node:timers/promises';
import type { Toolbox } from '@boshd/engine/kit';
import { CloudManager, ConnectionManager, type Survival } from '@boshd/engine/manager';
import type { Config } from '../config/index.ts';
import { clock, type Driver, type Ports } from '../driver.ts';
import { Prebind } from '../prebind/index.ts';
import type { Anchored } from './anchored.ts';
import { type Cloud, CloudError, type CloudMesh } from './cloud.ts';
import { managerConfigOf } from './options.ts';

/** What decides: a connection manager alone, or one that is a member of a cloud. */
export function machineOf(
  config: Config,
  cloud: Cloud | undefined,
  toolbox: Toolbox,
  survival: Survival | undefined,
): CloudManager | ConnectionManager {
  const forManager = { ...managerConfigOf(config), survival };
  if (cloud === undefined) return new ConnectionManager(forManager, toolbox);
  return new CloudManager(forManager, cloud.identity, cloud.limits, toolbox, clock());
}

/** Connects the ports with what decides. The mesh, where there is one, is silent until `join`. */
export function connect(
  driver: Driver,
  ports: Ports,
  cloud: Cloud | undefined,
  anchored: Pick<Anchored, 'meshSubmit'> | undefined,
): CloudMesh | undefined {
  const submit = driver.submit.bind(driver);
  const mesh = cloud?.mesh(anchored?.meshSubmit(submit) ?? submit, ports.observe);
  driver.connect(mesh === undefined ? ports : { ...ports, mesh });
  return mesh;
}

/** What logs in for pages, by what the configuration in effect says of their sites. */
export function prebindFor(driver: Driver, toolbox: Toolbox, config: () => Config): Prebind {
  const siteOf = (name: string) => (name === 'default' ? config() : config().sites.get(name))?.prebind;
  return new Prebind({ submit: driver.submit.bind(driver), toolbox, siteOf });
}

/** Heartbeats of the others that a new member listens to before it believes that its name is its own. */
const HEARTBEATS_HEARD = 4;
/** How long a mesh that is away is waited for: without it a member serves its own sessions. */
const MESH_WAIT_MS = 1000;

/**
 * Opens the mesh. Throws CloudError where another member of the cluster, which started earlier and lives, has the same name:
 * each would take the other for its own older process.
 */
export async function join(
  manager: CloudManager | ConnectionManager,
  mesh: CloudMesh | undefined,
  { identity, limits }: Cloud,
): Promise<void> {
  await mesh?.open();
  if (!(manager instanceof CloudManager)) return;
  const until = performance.now() + MESH_WAIT_MS + HEARTBEATS_HEARD * limits.heartbeat;
  let upSince: number | undefined;
  while (performance.now() < until) {
    if (manager.hasElder)
      throw new CloudError(
        'CLUSTER_ID_TAKEN',
        `another member of the cluster is called ${identity.id}: give each member a cluster.id of its own`,
      );
    const isUp = mesh?.isUp === true;
    upSince = isUp ? (upSince ?? performance.now()) : undefined;
    if (upSince !== undefined && performance.now() - upSince >= HEARTBEATS_HEARD * limits.heartbeat) return;
    await sleep(limits.heartbeat / 2);
  }
}

/** No new sessions; when the others have left, or after `drainMs`, those that are left end with system-shutdown. */
export async function endSessions(
  driver: Driver,
  manager: Pick<ConnectionManager, 'liveSessions'>,
  drainMs: number,
  mesh: CloudMesh | undefined,
): Promise<void> {
  driver.submit({ type: 'drain' });
  await emptied(() => manager.liveSessions, drainMs);
  if (mesh !== undefined) driver.submit({ type: 'mesh-release' });
  driver.submit({ type: 'shutdown' });
}

/** The last word to the other members, if there are any; then nothing is decided any more. */
export async function leave(driver: Driver, mesh: CloudMesh | undefined): Promise<void> {
  if (mesh !== undefined) driver.submit({ type: 'mesh-leave' });
  await mesh?.close();
  driver.stop();
}

/** What can not be started leaves nothing behind. */
export async function orLeave<Value>(
  start: Promise<Value>,
  driver: Driver,
  mesh: CloudMesh | undefined,
): Promise<Value> {
  try {
    return await start;
  } catch (error) {
    await leave(driver, mesh);
    throw error;
  }
}

const LOOK_AGAIN_MS = 100;

/** Resolves when no session is left, at the latest after `longestMs`. */
async function emptied(count: () => number, longestMs: number): Promise<void> {
  const until = performance.now() + longestMs;
  while (count() > 0 && performance.now() < until) await sleep(Math.min(LOOK_AGAIN_MS, longestMs));
}
