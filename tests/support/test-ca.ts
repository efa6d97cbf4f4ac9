import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A key made anew for each certificate; elliptic, because RSA keys take a second each. */
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** id-on-xmppAddr (RFC 6120 §13.7.1.4) and id-on-dnsSRV (RFC 4985), as OpenSSL writes them in a subjectAltName. */
const XMPP_ADDR = 'otherName:1.3.6.1.5.5.7.8.5;UTF8:';
const SRV_NAME = 'otherName:1.3.6.1.5.5.7.8.7;IA5STRING:';

/** PEM files of one certificate, as programs want them named in their configurations. */
export interface CertificateFiles {
  /** The authority that signed it; one that is self-signed is not under it. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateWish {
  readonly dnsNames?: readonly string[];
  /** XMPP domains, as id-on-xmppAddr. */
  readonly xmppAddrs?: readonly string[];
  /** As `_xmpp-client.example.org`. */
  readonly srvNames?: readonly string[];
  /** As `127.0.0.1`. */
  readonly addresses?: readonly string[];
  /** 'expired': its time ended yesterday. 'self-signed': signed by no authority. */
  readonly flaw?: 'expired' | 'self-signed';
}

/** An authority of its own temporary directory, which only programs that are given `caFile` trust. */
export interface TestCa {
  readonly directory: string;
  readonly caFile: string;
  issue(wish: CertificateWish): Promise<CertificateFiles>;
  /** Removes the directory with everything in it. */
  remove(): Promise<void>;
}

/**
 * Makes an authority with the `openssl` command; a missing command is an error.
 *
 * @example
 * const ca = await createTestCa();
 * const { certFile, keyFile } = await ca.issue({ dnsNames: ['example.org', '*.example.org'] });
 */
export async function createTestCa(): Promise<TestCa> {
  const directory = await mkdtemp(join(tmpdir(), 'boshd-test-ca-'));
  const caFile = join(directory, 'ca.pem');
  const caKeyFile = join(directory, 'ca.key');
  await run('openssl', [
    ...['req', '-x509', ...NEW_KEY, '-keyout', caKeyFile, '-out', caFile, '-days', '30'],
    ...['-subj', '/CN=boshd test authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  let issued = 0;

  async function issue(wish: CertificateWish): Promise<CertificateFiles> {
    issued += 1;
    const files = {
      caFile,
      certFile: join(directory, `server-${issued}.pem`),
      keyFile: join(directory, `server-${issued}.key`),
    };
    const names = subjectAltName(wish);
    const request = ['req', '-new', ...NEW_KEY, '-keyout', files.keyFile, '-subj', `/CN=server ${issued}`];
    if (wish.flaw === 'self-signed') {
      await run('openssl', [...request, '-x509', '-addext', names, '-days', '30', '-out', files.certFile]);
      return files;
    }
    const requestFile = join(directory, `server-${issued}.csr`);
    const extensionFile = join(directory, `server-${issued}.ext`);
    await writeFile(extensionFile, `${names}\n`);
    await run('openssl', [...request, '-out', requestFile]);
    await run('openssl', [
      ...['x509', '-req', '-in', requestFile, '-CA', caFile, '-CAkey', caKeyFile, '-out', files.certFile],
      ...['-set_serial', String(issued), '-extfile', extensionFile],
      ...['-days', wish.flaw === 'expired' ? '-1' : '30'],
    ]);
    return files;
  }

  return { directory, caFile, issue, remove: () => rm(directory, { recursive: true, force: true }) };
}

function subjectAltName(wish: CertificateWish): string {
  const names = [
    ...(wish.dnsNames ?? []).map((name) => `DNS:${name}`),
    ...(wish.addresses ?? []).map((address) => `IP:${address}`),
    ...(wish.xmppAddrs ?? []).map((domain) => XMPP_ADDR + domain),
    ...(wish.srvNames ?? []).map((name) => SRV_NAME + name),
  ];
  return `subjectAltName=${names.join(',')}`;
}
