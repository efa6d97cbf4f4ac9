import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { accepts, makeDirectory, type Restartable, startRestartable } from './program.ts';
import type { XmppHost } from './prosody.ts';

export interface EjabberdOptions {
  readonly hosts: readonly XmppHost[];
  /** Its own BOSH (mod_bosh) on the HTTP port. Default false. */
  readonly bosh?: boolean;
  /** The domain of its rooms (mod_muc), if it has any. */
  readonly rooms?: string;
  /** An archive of what each user says and gets (mod_mam). Default false. */
  readonly archive?: boolean;
}

export interface Ejabberd extends Restartable {
  readonly ports: { readonly c2s: number; readonly directTls: number; readonly http: number };
  /** Where its own BOSH is, if it was switched on. */
  readonly boshUrl: string;
}

/**
 * Starts Debian's ejabberd 23.01 on free ports of 127.0.0.1: STARTTLS and direct TLS, SCRAM-SHA-256, stream management,
 * offline messages.
 *
 * Erlang is started directly and without distribution, so that neither a user of its own nor the name daemon epmd, one
 * for the whole machine, is needed; users are registered over its HTTP API, which listens to this machine only.
 */
export async function startEjabberd(options: EjabberdOptions): Promise<Ejabberd> {
  const { hosts } = options;
  const directory = await makeDirectory('ejabberd');
  const ports = { c2s: await freePort(), directTls: await freePort(), http: await freePort() };
  const certificates = await Promise.all(
    hosts.map(async ({ certificate }, index) => {
      const file = join(directory, `certificate-${index}.pem`);
      const parts = [certificate.certFile, certificate.keyFile].map((part) => readFile(part, 'utf8'));
      await writeFile(file, (await Promise.all(parts)).join(''));
      return file;
    }),
  );
  const configFile = join(directory, 'ejabberd.yml');
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(configuration(options, certificates, ports), undefined, 2));
  const program = await startRestartable({
    name: 'ejabberd',
    command: 'erl',
    args: ['-noinput', '-mnesia', 'dir', JSON.stringify(join(directory, 'database')), '-s', 'ejabberd'],
    env: {
      HOME: directory,
      ERL_LIBS: await librariesDirectory(),
      EJABBERD_CONFIG_PATH: configFile,
      EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(directory, 'crash.dump'),
    },
    directory,
    stopSignal: 'SIGKILL',
    logFiles: [join(directory, 'ejabberd.log')],
    isReady: async () => (await accepts(ports.c2s)) && (await accepts(ports.directTls)),
  });
  try {
    await registerUsers(hosts, ports.http);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { ...program, ports, boshUrl: `http://127.0.0.1:${ports.http}/bosh` };
}

function configuration(
  { hosts, bosh = false, rooms, archive = false }: EjabberdOptions,
  certificates: readonly string[],
  ports: Ejabberd['ports'],
): object {
  const ip = '127.0.0.1';
  const c2s = { ip, module: 'ejabberd_c2s', max_stanza_size: 262_144 };
  return {
    hosts: hosts.map(({ domain }) => domain),
    loglevel: 'info',
    log_rotate_count: 0,
    certfiles: certificates,
    acme: { auto: false },
    listen: [
      { ...c2s, port: ports.c2s, starttls_required: true },
      { ...c2s, port: ports.directTls, tls: true },
      {
        port: ports.http,
        ip,
        module: 'ejabberd_http',
        request_handlers: { '/api': 'mod_http_api', ...(bosh ? { '/bosh': 'mod_bosh' } : {}) },
      },
    ],
    auth_password_format: 'scram',
    auth_scram_hash: 'sha256',
    disable_sasl_mechanisms: ['digest-md5', 'X-OAUTH2'],
    access_rules: { local: { allow: 'all' }, c2s: { allow: 'all' } },
    api_permissions: { tests: { who: { ip: '127.0.0.0/8' }, what: ['register'] } },
    modules: {
      ...(bosh ? { mod_bosh: {} } : {}),
      ...(rooms === undefined ? {} : { mod_muc: { hosts: [rooms] } }),
      ...(archive ? { mod_mam: { db_type: 'mnesia', default: 'always' } } : {}),
      mod_blocking: {},
      mod_disco: {},
      mod_offline: {},
      mod_ping: {},
      mod_privacy: {},
      mod_roster: {},
      mod_stream_mgmt: {},
    },
  };
}

/** Where Debian keeps the libraries, which depends on the processor, as ejabberd's own start script says. */
async function librariesDirectory(): Promise<string> {
  const script = await readFile('/usr/sbin/ejabberdctl', 'utf8');
  const found = /^ERL_LIBS='(.*)'$/m.exec(script)?.[1];
  if (found === undefined) throw new Error('ejabberdctl does not say where the libraries are');
  return found;
}

async function registerUsers(hosts: readonly XmppHost[], httpPort: number): Promise<void> {
  for (const { domain, users = {} } of hosts) {
    for (const [user, password] of Object.entries(users)) {
      const reply = await fetch(`http://127.0.0.1:${httpPort}/api/register`, {
        method: 'POST',
        body: JSON.stringify({ user, host: domain, password }),
      });
      if (!reply.ok) throw new Error(`ejabberd: ${user}@${domain}: ${reply.status} ${await reply.text()}`);
    }
  }
}
