import { createServer, type Server } from 'node:http';
import { basename } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { CONVERSE_FILES } from '../../browser/converse-page.ts';
import { packageFile } from '../../support/site.ts';
import type { Happening, Login, RealClient } from './client.ts';

/** What both pages tell the test. */
const NOTES = `
  const chat = { happenings: [] };
  const note = (what) => chat.happenings.push({ what, at: Date.now() });
  const login = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  window.chat = chat;
`;

/** On top of the unmodified Strophe, which leaves it to its page to connect again: the few lines with which pages do. */
const STROPHE_SCRIPT = `
  ${NOTES}
  const { Strophe } = window;
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  const connection = new Strophe.Connection('/http-bind');
  let stays = true;
  const connect = () => connection.connect(login.jid, login.password, (status) => {
    if (status === Strophe.Status.CONNECTED) note('up');
    if (status !== Strophe.Status.DISCONNECTED) return;
    note('down');
    if (stays) connect();
  });
  chat.leave = () => { stays = false; connection.disconnect('bye'); };
  connect();
`;

/** On top of the unmodified headless Converse, which connects again by itself. */
const CONVERSE_SCRIPT = `
  import { api, converse } from './converse-headless.min.js';
  ${NOTES}
  converse.plugins.add('recorder', {
    initialize() {
      for (const name of ['connected', 'reconnected']) api.listen.on(name, () => { note('up'); });
      for (const name of ['will-reconnect', 'disconnected', 'logout']) api.listen.on(name, () => { note('down'); });
    },
  });
  chat.leave = () => { api.user.logout(); };
  converse.initialize({
    authentication: 'login', auto_login: true, auto_reconnect: true, jid: login.jid, password: login.password,
    bosh_service_url: '/http-bind', discover_connection_methods: false,
    whitelisted_plugins: ['recorder'], loglevel: 'fatal', assets_path: '/',
  });
`;

const pageWith = (...scripts: readonly string[]) =>
  `<!doctype html><meta charset="utf-8"><title>Chat</title>${scripts.join('')}`;

async function siteFiles(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>([
    [
      'Strophe.html',
      pageWith('<script src="strophe.js"></script>', '<script src="strophe-page.js"></script>'),
    ],
    ['strophe.js', await packageFile('strophe.js/dist/strophe.umd.min.js')],
    ['strophe-page.js', `(() => {${STROPHE_SCRIPT}})();`],
    ['Converse.html', pageWith('<script type="module" src="converse-page.js"></script>')],
    ['converse-page.js', CONVERSE_SCRIPT],
  ]);
  for (const path of CONVERSE_FILES) files.set(basename(path), await packageFile(`converse.js/${path}`));
  return files;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  json: 'application/json',
  wasm: 'application/wasm',
};

/** The web server of the pages, behind the proxy beside the BOSH URL. */
export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

export async function startPages(): Promise<PageServer> {
  const files = await siteFiles();
  const server: Server = createServer(({ url = '/' }, response) => {
    const name = url.slice(1);
    const type = TYPES[name.split('.').at(-1) ?? ''];
    const file = files.get(name);
    if (file === undefined || type === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=3600' }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Opens the page of a client that runs in a browser, in a profile of its own: its own cookies, its own connections. */
export async function openPage(
  browser: Browser,
  kind: 'Strophe' | 'Converse',
  { origin, jid, password }: Login,
): Promise<RealClient> {
  const page: Page = await (await browser.newContext()).newPage();
  const login = encodeURIComponent(JSON.stringify({ jid, password }));
  await page.goto(`${origin}/${kind}.html#${login}`);
  await page.waitForFunction('window.chat !== undefined');
  return {
    kind,
    happenings: () => page.evaluate<readonly Happening[]>('chat.happenings'),
    leave: async () => {
      await page.evaluate('chat.leave()');
      await page.waitForFunction(`chat.happenings.at(-1).what === 'down'`);
      await page.context().close();
    },
  };
}
