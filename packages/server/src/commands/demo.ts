import { type AdminAddress, formatAdminAddress } from '../admin/index.ts';
import type { App } from '../app.ts';
import type { Config } from '../config/index.ts';
import type { DemoServer } from '../demo/index.ts';
import { createLogger, createObserve } from '../observe/index.ts';
import { type Command, EXIT } from './command.ts';
import { MEMBERS_FLAG, MESH_FLAG, REGIONS_FLAG, runDemoCloud } from './demo-cloud.ts';
import { loadOrTell } from './load.ts';
import { runApp } from './run-app.ts';

/** The configuration in which the demo's domain is reached at its port; the domain wins over one of the same name. */
export function withDemoDomain(
  config: Config,
  { domain, port }: Pick<DemoServer, 'domain' | 'port'>,
): Config {
  const { domains, upstream } = config;
  const demo = { host: '127.0.0.1', port, tls: 'insecure-none', insecureSkipVerify: false } as const;
  return {
    ...config,
    domains: { ...domains, default: domains.default ?? domain },
    upstream: { ...upstream, overrides: new Map([...upstream.overrides, [domain, demo]]) },
  };
}

/** What the page must know: the URL beside it, and its guests' domain. */
function whereOf(
  { paths }: Config,
  { domain }: DemoServer,
): { readonly service?: string; readonly domain: string } {
  const [service] = paths;
  return service === undefined ? { domain } : { service, domain };
}

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
    const { environment, out, err, loadApp } = surroundings;
    // Here they are not keys of a configuration.
    const cloudFlags = [MEMBERS_FLAG, REGIONS_FLAG, MESH_FLAG].filter((name) => flags.has(name));
    const configFlags = new Map([...flags].filter(([name]) => !cloudFlags.includes(name)));
    const loaded = loadOrTell({ environment, flags: configFlags }, err);
    if (loaded === undefined) return EXIT.failed;
    if (cloudFlags.length > 0) return runDemoCloud(loaded, flags, surroundings);
    const logger = await createLogger(loaded.log);
    const [startApp, { demoPages, startDemoServer }] = await Promise.all([
      loadApp(),
      import('../demo/index.ts'),
    ]);
    const demo = await startDemoServer();
    try {
      const config = withDemoDomain(loaded, demo);
      return await runApp(
        () =>
          startApp({ config, observe: createObserve({ logger }), pages: demoPages(whereOf(config, demo)) }),
        (app) => out(invitation(app, demo.domain)),
        logger,
        config,
        surroundings,
      );
    } finally {
      await demo.close();
    }
  },
};
