import { posix } from 'node:path';
import { isTest, type Source } from './source.ts';

/**
 * Who may import whom (ARCHITECTURE.md). A part is a folder or file below a package's src; its list names the parts of
 * the same package that it may import, itself always included. What is not in the table may not import anything.
 */
const MIDDLE = ['kit', 'wire', 'reasons.ts'];
const BELOW_SITE = [...MIDDLE, 'record', 'session', 'socket', 'stream', 'mesh', 'client'];
const ENGINE: Readonly<Record<string, readonly string[]>> = {
  kit: [],
  wire: ['kit'],
  'reasons.ts': ['kit', 'wire'],
  record: ['kit'],
  session: [...MIDDLE, 'record'],
  socket: MIDDLE,
  stream: [...MIDDLE, 'record'],
  mesh: MIDDLE,
  client: ['kit', 'wire'],
  site: BELOW_SITE,
  manager: [...BELOW_SITE, 'site'],
};

const ALL = '*';
const SERVER: Readonly<Record<string, readonly string[]>> = {
  // What does: each knows the engine and the doors, none another.
  front: ['ports.ts', 'sockets', 'orders'],
  upstream: ['ports.ts'],
  // What outlives workers, and the worker's end of it.
  anchor: ['upstream'],
  survival: ['anchor', 'ports.ts', 'upstream'],
  mesh: ['ports.ts', 'sockets'],
  observe: ['ports.ts'],
  admin: ['ports.ts', 'sockets', 'orders'],
  geo: [],
  prebind: ['ports.ts', 'orders'],
  orders: [],
  // What stands alone.
  'ports.ts': [],
  sockets: [],
  'toolbox.ts': [],
  'version.ts': [],
  workers: ['anchor'],
  config: [],
  'proxy-config': [],
  demo: ['toolbox.ts'],
  // What puts together.
  'driver.ts': ['ports.ts'],
  compose: [ALL],
  app: [ALL],
  check: ['driver.ts', 'ports.ts', 'toolbox.ts', 'upstream'],
  commands: [
    'admin',
    'app',
    'check',
    'compose',
    'config',
    'demo',
    'geo',
    'observe',
    'orders',
    'proxy-config',
    'version.ts',
    'workers',
  ],
  'main.ts': ['app', 'commands', 'workers'],
};

/** The client: transports below, the log-in and sessions on them, and on top what puts them together. */
const CLIENT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  page: ['xmpp'],
  transport: ['errors.ts'],
  bosh: ['errors.ts', 'transport'],
  websocket: ['errors.ts', 'transport', 'xmpp'],
  xmpp: ['errors.ts', 'page', 'transport'],
  share: ['errors.ts', 'page', 'xmpp'],
  adapters: ['bosh'],
  'connect.ts': [ALL],
  'index.ts': [ALL],
  'login.ts': [ALL],
  'prebind.ts': ['errors.ts'],
  'script.ts': [ALL],
};

/** Parts of the engine that the client may see. */
const CLIENT_OF_ENGINE = ['kit', 'wire', 'client'];

interface Place {
  readonly package: string;
  readonly part: string;
}

/** `packages/server/src/front/x.ts` is of the part `front` of the package `server`. */
function placeOf(path: string): Place | undefined {
  const match = /^packages\/([^/]+)\/src\/([^/]+)/.exec(path);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { package: match[1], part: match[2] };
}

function relativeFault(source: Source, from: Place, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(source.path), specifier);
  const to = placeOf(target);
  if (to === undefined || to.package !== from.package) return 'leaves its package by a path';
  if (to.part === from.part) return undefined;
  const table = { engine: ENGINE, server: SERVER, client: CLIENT }[from.package];
  const allowed = table === undefined ? [ALL] : (table[from.part] ?? []);
  if (!allowed.includes(ALL) && !allowed.includes(to.part)) return `${from.part} may not import ${to.part}`;
  const isInside =
    from.package === 'engine' &&
    !to.part.endsWith('.ts') &&
    target !== `packages/engine/src/${to.part}/index.ts`;
  return isInside ? `is inside of ${to.part}: import its index.ts` : undefined;
}

function packageFault(from: Place, specifier: string): string | undefined {
  if (from.package === 'engine') return 'the engine imports nothing but itself';
  const ofEngine = /^@boshd\/engine\/(.+)$/.exec(specifier)?.[1];
  const isClients = from.package === 'client' && ofEngine !== undefined;
  const isAnchors = from.package === 'server' && from.part === 'anchor' && ofEngine !== undefined;
  if (isAnchors && ofEngine !== 'kit') return `the anchor decides nothing: it may not import ${specifier}`;
  if (isClients && !CLIENT_OF_ENGINE.includes(ofEngine)) return `the client may not import ${specifier}`;
  if (from.package === 'client' && specifier.startsWith('node:')) return 'the client runs in browsers';
  if (specifier === 'boshd' || specifier.startsWith('boshd/')) return 'nothing imports the server';
  return undefined;
}

/** Imports of a source that break the table, in words. Tests may import what they need. */
export function layerFaults(source: Source): readonly string[] {
  const from = placeOf(source.path);
  if (from === undefined || isTest(source)) return [];
  return source.imports.flatMap((specifier) => {
    const fault = specifier.startsWith('.')
      ? relativeFault(source, from, specifier)
      : packageFault(from, specifier);
    return fault === undefined ? [] : [`${source.path}: '${specifier}': ${fault}`];
  });
}
