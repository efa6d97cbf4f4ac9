import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { accepts, makeDirectory, type Restartable, startRestartable } from './program.ts';
import type { CertificateFiles } from './test-ca.ts';

const MODULES_PATH = fileURLToPath(new URL('prosody-modules', import.meta.url));

/** One XMPP domain that a test server has. */
export interface XmppHost {
  readonly domain: string;
  readonly certificate: CertificateFiles;
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>>;
  /** SASL ANONYMOUS instead of users. Prosody only. */
  readonly anonymous?: boolean;
}

/** As an operator would choose them for web clients; Converse waits for ever without a block list. */
const MODULES = [
  ...['roster', 'saslauth', 'tls', 'disco', 'posix', 'ping', 'smacks'],
  ...['carbons', 'pep', 'vcard4', 'vcard_legacy', 'blocklist'],
];

export interface ProsodyOptions {
  /** The first one also answers HTTP requests with a foreign Host. */
  readonly hosts: readonly XmppHost[];
  /** Its own BOSH (mod_bosh) on the HTTP port. Default false. */
  readonly bosh?: boolean;
  /** No STARTTLS is offered, passwords are taken in plain text. Default false. */
  readonly plain?: boolean;
  /**
   * SASL2, Bind 2 and FAST, of Debian's prosody-modules; a small plugin gives them what they expect of a newer Prosody.
   * Default false.
   */
  readonly fast?: boolean;
  /** An archive of what each user says and gets (mod_mam). Default false. */
  readonly archive?: boolean;
  /** More lines of its configuration, for all hosts. */
  readonly extra?: string;
}

export interface Prosody extends Restartable {
  readonly ports: { readonly c2s: number; readonly directTls: number; readonly http: number };
  /** Where its own BOSH is, if it was switched on. */
  readonly boshUrl: string;
}

/**
 * Starts Debian's Prosody 0.12 on free ports of 127.0.0.1: STARTTLS and direct TLS, SCRAM, stream management, offline
 * messages; no server-to-server connections.
 */
export async function startProsody(options: ProsodyOptions): Promise<Prosody> {
  const directory = await makeDirectory('prosody');
  const ports = { c2s: await freePort(), directTls: await freePort(), http: await freePort() };
  const listening = [ports.c2s, ports.directTls, ...(options.bosh === true ? [ports.http] : [])];
  const configFile = join(directory, 'prosody.cfg.lua');
  await writeFile(configFile, configuration(options, directory, ports));
  for (const host of options.hosts) {
    // By these names it finds them, for STARTTLS and for direct TLS; `ssl` of a host is not used for the latter.
    await copyFile(host.certificate.certFile, join(directory, `${host.domain}.crt`));
    await copyFile(host.certificate.keyFile, join(directory, `${host.domain}.key`));
    await writeUsers(host, join(directory, 'data'));
  }
  const program = await startRestartable({
    name: 'Prosody',
    command: 'prosody',
    args: ['--config', configFile, '--no-daemonize'],
    directory,
    stopSignal: 'SIGKILL',
    logFiles: [join(directory, 'prosody.log')],
    isReady: async () => (await Promise.all(listening.map((port) => accepts(port)))).every(Boolean),
  });
  return { ...program, ports, boshUrl: `http://127.0.0.1:${ports.http}/http-bind` };
}

function configuration(options: ProsodyOptions, directory: string, ports: Prosody['ports']): string {
  const first = options.hosts[0];
  if (first === undefined) throw new Error('Prosody needs at least one host');
  const modules = [...MODULES];
  if (options.bosh === true) modules.push('bosh');
  if (options.fast === true) modules.push('boshd_tests', 'sasl2', 'sasl2_bind2', 'sasl2_fast');
  if (options.archive === true) modules.push('mam');
  const plain = options.plain ?? false;
  const disabled = ['s2s', 's2s_auth_certs', ...(plain ? ['tls'] : [])];
  return `
    run_as_root = true
    daemonize = false
    pidfile = ${lua(join(directory, 'prosody.pid'))}
    data_path = ${lua(join(directory, 'data'))}
    certificates = ${lua(directory)}
    plugin_paths = { ${lua(MODULES_PATH)} }
    log = { debug = ${lua(join(directory, 'prosody.log'))} }
    modules_enabled = { ${modules.map(lua).join(', ')} }
    modules_disabled = { ${disabled.map(lua).join(', ')} }
    c2s_interfaces = { "127.0.0.1" }
    c2s_ports = { ${ports.c2s} }
    c2s_direct_tls_interfaces = { "127.0.0.1" }
    c2s_direct_tls_ports = { ${ports.directTls} }
    http_interfaces = { "127.0.0.1" }
    http_ports = { ${ports.http} }
    https_ports = {}
    http_default_host = ${lua(first.domain)}
    consider_bosh_secure = true
    c2s_require_encryption = ${!plain}
    allow_unencrypted_plain_auth = ${plain}
    authentication = "internal_hashed"
    storage = "internal"
    ${options.extra ?? ''}
    ${options.hosts.map(hostConfiguration).join('\n')}
  `;
}

function hostConfiguration({ domain, anonymous = false }: XmppHost): string {
  return `VirtualHost ${lua(domain)} ${anonymous ? 'authentication = "anonymous"' : ''}`;
}

/** Accounts as Prosody keeps them on disk; it replaces the passwords by SCRAM keys at the first log-in. */
async function writeUsers({ domain, users = {} }: XmppHost, dataDirectory: string): Promise<void> {
  const directory = join(dataDirectory, encoded(domain), 'accounts');
  await mkdir(directory, { recursive: true });
  for (const [user, password] of Object.entries(users)) {
    await writeFile(join(directory, `${encoded(user)}.dat`), `return { ["password"] = ${lua(password)} };`);
  }
}

/** Everything but letters and digits is written in hexadecimal in the names of its data files. */
function encoded(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A string of Lua. JSON writes control characters in a way that Lua does not know; the tests use none. */
function lua(text: string): string {
  return JSON.stringify(text);
}
