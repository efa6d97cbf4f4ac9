import { type AdminAddress, formatAdminAddress } from '../admin/index.ts';
import type { App } from '../app/app.ts';
import type { Config, Flags } from '../config/index.ts';
import type { DemoPagesOptions, DemoServer } from '../demo/index.ts';
import { createLogger, createObserve, type Logger } from '../observe/index.ts';
import { type AnchoredPlace, readAnchoredPlace } from '../workers/index.ts';
import { type Command, EXIT, type Surroundings } from './common/command.ts';
import { loadOrTell } from './common/load.ts';
import { runApp } from './common/run-app.ts';
import { MEMBERS_FLAG, MESH_FLAG, REGIONS_FLAG, runDemoCloud } from './demo-cloud.ts';

/** The configuration in which the demo's domain is reached at its port; the domain wins over one of the same name. */
function withDemoDomain(config: Config, { domain, port }: Pick<DemoServer, 'domain' | 'port'>): Config {
  const { domains, upstream } = config;
  const demo = { host: '127.0.0.1', port, tls: 'insecure-none', insecureSkipVerify: false } as const;
  return {
    ...config,
    domains: { ...domains, default: domains.default ?? domain },
    upstream: { ...upstream, overrides: new Map([...upstream.overrides, [domain, demo]]) },
  };
}

/** What the page must know: the URLs beside it, and its guests' domain. */
function whereOf({ paths, websocket }: Config, domain: string): DemoPagesOptions {
  const [service] = paths;
  const [webSocket] = websocket.paths;
  return {
    domain,
    ...(service === undefined ? {} : { service }),
    ...(webSocket === undefined ? {} : { webSocket }),
  };
}

/** To a worker: the port of the XMPP domain, which lives in its anchor. Not one of the operator's variables, so without their prefix. */
const PORT_VARIABLE = 'DEMO_DOMAIN_OF_BOSHD';

/** What is other than the defaults, unless the person who starts it says otherwise. */
const PRESETS: Flags = new Map([
  // A tab that was killed is soon gone from the lists of the others.
  ['session-inactivity', ['15s']],
  // Tried on Linux only; the page has a button that kills the worker.
  ...(process.platform === 'linux' ? [['survival-anchor', ['parent']] as const] : []),
]);

const ANY_OR_LOOPBACK = /^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\])$/;

function invitation({ urls, admin }: Pick<App, 'urls' | 'admin'>, domain: string): string {
  const page = new URL('/', urls[0]);
  // What browsers call a secure context: there the page may use all that it wants.
  if (ANY_OR_LOOPBACK.test(page.hostname)) page.hostname = 'localhost';
  return `
  boshd runs, with a small XMPP domain (${domain}) in its memory.

  Open   ${page.href}   in two tabs: they see each other and can chat.
  One of them can also sign in with a real XMPP account.

  BOSH at ${urls.join('  ')}
${admin.map(statusPage).join('')}  Ctrl-C ends it.

`;
}

function statusPage(address: AdminAddress): string {
  return 'port' in address ? `  http://${formatAdminAddress(address)}/ is the status page\n` : '';
}

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Run it with a small XMPP domain in memory and a page that chats.',
  usage: '[--listen HOST:PORT] [--members N] [--regions A,B] [--mesh nats|sockets] [FLAGS]',
  details: `For a first look, on this machine only. Nothing is kept when it ends.
With --members, --regions or --mesh: a cloud of that many boshd on this machine, a proxy in front, and a page that kills and freezes
members while you chat. Of the other flags only --listen counts then.`,
  flags: [
    { name: MEMBERS_FLAG, value: 'N', summary: 'How many members the cloud has, 2 to 9. Default: 3.' },
    { name: REGIONS_FLAG, value: 'A,B', summary: 'Names of its regions. Default: eu,us.' },
    {
      name: MESH_FLAG,
      value: 'nats|sockets',
      summary:
        'What carries messages between the members. Default: nats where nats-server is installed, else sockets.',
    },
  ],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  async run({ flags }, surroundings) {
    const { environment, out, err } = surroundings;
    // Here they are not keys of a configuration.
    const cloudFlags = [MEMBERS_FLAG, REGIONS_FLAG, MESH_FLAG].filter((name) => flags.has(name));
    const configFlags = new Map([...flags].filter(([name]) => !cloudFlags.includes(name)));
    const loaded = loadOrTell({ presets: PRESETS, environment, flags: configFlags }, err);
    if (loaded === undefined) return EXIT.failed;
    if (cloudFlags.length > 0) return runDemoCloud(loaded, flags, surroundings);
    const logger = await createLogger(loaded.log);
    const anchor = readAnchoredPlace(environment);
    if (anchor !== undefined) return runWorker(loaded, anchor, logger, surroundings);
    const { startDemoServer } = await import('../demo/index.ts');
    const demo = await startDemoServer();
    try {
      const config = withDemoDomain(loaded, demo);
      const invite = (app: Pick<App, 'urls' | 'admin'>) => out(invitation(app, demo.domain));
      if (config.survival.anchor === 'parent') {
        const { runAnchored } = await import('./workers/anchored.ts');
        const place = { [PORT_VARIABLE]: String(demo.port) };
        return await runAnchored(config, logger, surroundings, { environment: place, started: invite });
      }
      return await serve({ config, domain: demo.domain, logger }, invite, surroundings);
    } finally {
      await demo.close();
    }
  },
};

/** Serves what its anchor gives it; the domain is the anchor's. */
async function runWorker(
  loaded: Config,
  anchor: AnchoredPlace,
  logger: Logger,
  surroundings: Surroundings,
): Promise<number> {
  const { DEMO_DOMAIN } = await import('../demo/index.ts');
  const port = Number(surroundings.environment[PORT_VARIABLE]);
  const config = withDemoDomain(loaded, { domain: DEMO_DOMAIN, port });
  const worker = { pid: process.pid, kill: () => process.kill(process.pid, 'SIGKILL') };
  return serve({ config, domain: DEMO_DOMAIN, logger, anchor, worker }, () => undefined, surroundings);
}

interface Served {
  readonly config: Config;
  readonly domain: string;
  readonly logger: Logger;
  readonly anchor?: AnchoredPlace;
  readonly worker?: DemoPagesOptions['worker'];
}

async function serve(
  { config, domain, logger, anchor, worker }: Served,
  started: (app: App) => void,
  surroundings: Surroundings,
): Promise<number> {
  const [startApp, { demoPages }] = await Promise.all([surroundings.loadApp(), import('../demo/index.ts')]);
  const pages = demoPages({ ...whereOf(config, domain), worker });
  const observe = createObserve({ logger });
  const start = () => startApp({ config, observe, pages, anchor, worker: anchor?.worker });
  return runApp(start, started, logger, config, surroundings);
}
