import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Config, clusterKeysFault } from '../../config/index.ts';

/** A certificate with its key, by the keys of the configuration that name their files. */
interface Pair {
  readonly keys: readonly [cert: string, key: string];
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * What is wrong in the files that a configuration names, one line each: what `boshd serve` does not start with. They are only read.
 *
 * @param now certificates whose time is over or has not begun are named too; undefined: dates do not count
 */
export function fileProblems(config: Config, now: Date | undefined): readonly string[] {
  const { tls, nats, cluster, upstream } = config;
  const pairs: readonly Pair[] = [
    { keys: ['tls.certFile', 'tls.keyFile'], ...tls },
    { keys: ['nats.certFile', 'nats.keyFile'], ...nats },
  ];
  const authorities: readonly (readonly [key: string, file: string | undefined])[] = [
    ['tls.clientCaFile', tls.clientCaFile],
    ['nats.caFile', nats.caFile],
    ['upstream.caFile', upstream.caFile],
    ...[...upstream.overrides].map(
      ([domain, { caFile }]) => [`upstream.overrides[${domain}].caFile`, caFile] as const,
    ),
  ];
  const { keysFile } = cluster;
  const keysFault = keysFile === undefined ? undefined : clusterKeysFault(readFileSync(keysFile, 'latin1'));
  return [
    ...pairs.flatMap((pair) => pairProblems(pair, now)),
    ...authorities.flatMap(([key, file]) => (file === undefined ? [] : certificateProblems(key, file, now))),
    ...(keysFault === undefined ? [] : [`cluster.keysFile names ${keysFile}, which ${keysFault}`]),
  ];
}

/** Apart from the others, because what reads such a database is loaded only where there is one. */
export async function databaseProblems({ geo }: Config): Promise<readonly string[]> {
  if (geo.databaseFile === undefined) return [];
  const { databaseFault } = await import('../../geo/index.ts');
  const why = databaseFault(geo.databaseFile);
  return why === undefined ? [] : [`geo.databaseFile names ${why}`];
}

function pairProblems(
  { keys: [certKey, keyKey], certFile, keyFile }: Pair,
  now: Date | undefined,
): readonly string[] {
  if (certFile === undefined || keyFile === undefined) return [];
  const problems = certificateProblems(certKey, certFile, now);
  const [first] = certificatesIn(certFile);
  try {
    const key = createPrivateKey(readFileSync(keyFile));
    if (first === undefined || first.checkPrivateKey(key)) return problems;
    return [
      ...problems,
      `${keyKey} names ${keyFile}, which is not the key of the first certificate in ${certFile}; name the pair`,
    ];
  } catch {
    return [
      ...problems,
      `${keyKey} names ${keyFile}, which has no private key in PEM without a passphrase; name one`,
    ];
  }
}

function certificateProblems(key: string, file: string, now: Date | undefined): readonly string[] {
  const certificates = certificatesIn(file);
  if (certificates.length === 0) return [`${key} names ${file}, which has no certificate in PEM; name one`];
  if (now === undefined) return [];
  return certificates.flatMap(({ validFrom, validTo, subject }) => {
    const whose = subject.replaceAll('\n', ', ');
    if (new Date(validTo) < now)
      return [`${key} names ${file}, where ${whose} has expired on ${validTo}; renew it`];
    if (new Date(validFrom) > now)
      return [`${key} names ${file}, where ${whose} is valid from ${validFrom} on; look at the clock`];
    return [];
  });
}

/** Those that can be read. */
function certificatesIn(file: string): readonly X509Certificate[] {
  return (readFileSync(file, 'latin1').match(CERTIFICATE) ?? []).flatMap((text) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      return [];
    }
  });
}
