import { hostname } from 'node:os';
import { ascii } from '@boshd/engine/kit';
import { ConnectionManager } from '@boshd/engine/manager';
import type { AdminAddress } from './admin/index.ts';
import { openAdmin } from './compose/operator.ts';
import { openRegions } from './compose/regions.ts';
import type { Config } from './config/index.ts';
import { Driver } from './driver.ts';
import { createFront } from './front/front.ts';
import { firstOf, healthPages, type Pages } from './front/reply/pages.ts';
import type { Observe } from './observe/index.ts';
import { frontOptionsOf, managerConfigOf, upstreamOptionsOf } from './options.ts';
import { nodeToolbox } from './toolbox.ts';
import { createUpstream } from './upstream/upstream.ts';
import { version } from './version.ts';

/** A boshd that runs in this process. */
export interface App {
  /** The BOSH URLs, one for each address that is listened on. */
  readonly urls: readonly string[];
  /** Where the operator's listener is. */
  readonly admin: readonly AdminAddress[];
  /**
   * Ends every session with system-shutdown, closes the streams properly, and everything else. Resolves when it is done,
   * at the latest after the configuration's shutdown.deadline.
   */
  stop(): Promise<void>;
}

export interface AppParts {
  readonly config: Config;
  readonly observe: Observe;
  /** What other paths than the BOSH ones show. Default: nothing but /healthz and /readyz. */
  readonly pages?: Pages;
}

/** Puts boshd together and starts it. Throws FrontError when an address can not be had. */
export async function startApp({ config, observe, pages = () => undefined }: AppParts): Promise<App> {
  const toolbox = nodeToolbox();
  let isStopping = false;
  const health = healthPages(() => (isStopping ? ascii('stopping\n') : undefined));

  const manager = new ConnectionManager(managerConfigOf(config), toolbox);
  const driver = new Driver(manager);
  const submit = driver.submit.bind(driver);
  const log = observe.event.bind(observe);
  const regions = await openRegions(config, observe.logger);
  const front = createFront(
    { ...frontOptionsOf(config, firstOf(health, pages)), regionsOf: regions.regionsOf },
    submit,
    toolbox,
    log,
  );
  const upstream = createUpstream(upstreamOptionsOf(config), submit);
  driver.connect({ front, upstream, observe });

  const { bound } = await front.listen();
  const self = {
    member: hostname(),
    version: version(),
    sites: ['default', ...config.sites.keys()],
    slots: () => manager.inspect(),
    notReady: () => (isStopping ? 'stopping' : undefined),
    series: () => observe.counters.described(),
    ends: observe.ends,
  };
  const admin = await openAdmin(config, self, {}).catch(async (error: unknown) => {
    await front.close(0);
    throw error;
  });
  const path = config.paths[0] ?? '/';
  return {
    urls: bound.map(
      ({ host, port, secure }) => `${secure ? 'https' : 'http'}://${hostInUrl(host)}:${port}${path}`,
    ),
    admin: admin.bound,
    stop: async () => {
      isStopping = true;
      driver.submit({ type: 'shutdown' });
      const { deadline } = config.shutdown;
      await Promise.all([front.close(deadline), upstream.stop(deadline)]);
      driver.stop();
      regions.close();
      await admin.close();
    },
  };
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
