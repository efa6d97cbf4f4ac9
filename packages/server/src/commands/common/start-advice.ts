/** What to do, by the stable code of what kept boshd from starting. */
const ADVICE: Readonly<Record<string, string>> = {
  LISTEN_ADDRESS_IN_USE: `Another program has this port already: perhaps another boshd, or the HTTP side of a local XMPP server (Prosody and ejabberd
use port 5280 for their own BOSH). Stop it or move it, or choose another port here:
  boshd serve --listen 127.0.0.1:5281        or    listen: ["127.0.0.1:5281"]    in the configuration file.
"ss -ltnp" shows who has a port.`,
  LISTEN_ADDRESS_UNAVAILABLE:
    'Choose an address that this machine has (0.0.0.0 and [::] mean all of them): key listen, flag --listen.',
  LISTEN_NOT_PERMITTED:
    'Ports below 1024 need a permission; choose a higher one (key listen, flag --listen) and let a proxy have the low one.',
  NO_SOCKETS_PASSED:
    'Start boshd by its socket unit (deploy/systemd/boshd.socket), or name addresses in listen.',
  ADMIN_LISTEN_FAILED:
    'Choose another place for admin.listen, or empty it: then there is no status page. The folder of a Unix socket must exist.',
  CLUSTER_ID_TAKEN:
    'Two members with one name would each take the other for its own older process. Set cluster.id (flag --cluster-id), or stop the other one.',
  CLUSTER_KEYS_UNUSABLE: 'Check cluster.keysFile.',
  GEO_DATABASE_UNUSABLE:
    'Check geo.databaseFile: a database such as GeoLite2-Country.mmdb. Without the key, regions are found by geo.header alone.',
  TLS_MATERIAL_UNUSABLE:
    'Check tls.certFile and tls.keyFile: both in PEM, the key the one of the certificate.',
};

/** What kept boshd from starting and what to do about it; undefined for an error that is not of the surroundings. */
export function startAdvice(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  const advice = typeof code === 'string' ? ADVICE[code] : undefined;
  const isKnown = advice !== undefined || error.name === 'FrontError';
  return isKnown
    ? `boshd could not start: ${error.message}\n${advice === undefined ? '' : `${advice}\n`}`
    : undefined;
}
