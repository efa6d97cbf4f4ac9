import { setTimeout as sleep } from 'node:timers/promises';
import type { Toolbox } from '@boshd/engine/kit';
import { CloudManager, ConnectionManager } from '@boshd/engine/manager';
import type { Config } from '../config/index.ts';
import { clock, type Driver, type Ports } from '../driver.ts';
import { managerConfigOf } from '../options.ts';
import type { Cloud, CloudMesh } from './cloud.ts';

/** What decides: a connection manager alone, or one that is a member of a cloud. */
export function machineOf(
  config: Config,
  cloud: Cloud | undefined,
  toolbox: Toolbox,
): CloudManager | ConnectionManager {
  const forManager = managerConfigOf(config);
  if (cloud === undefined) return new ConnectionManager(forManager, toolbox);
  return new CloudManager(forManager, cloud.identity, cloud.limits, toolbox, clock());
}

/** Connects the ports with what decides, and opens the mesh where there is one. */
export async function connect(
  driver: Driver,
  ports: Ports,
  cloud: Cloud | undefined,
): Promise<CloudMesh | undefined> {
  const mesh = cloud?.mesh(driver.submit.bind(driver), ports.observe);
  driver.connect(mesh === undefined ? ports : { ...ports, mesh });
  await mesh?.open();
  return mesh;
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
