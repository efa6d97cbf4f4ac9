/** The one privileged port that XMPP servers are met on: XEP-0368 with ALPN behind an HTTPS port. */
const HTTPS_PORT = 443;
/** Below are the ports of system services, which a foreign SRV record could name to have boshd knock there. */
const FIRST_USER_PORT = 1024;
const LAST_PORT = 65_535;

/**
 * Services at or above 1024 that no XMPP server shares a port with. A foreign SRV record that names one would use boshd to
 * knock at it: most act on lines of text and some before any log-in. The Fetch standard keeps such a list for browsers.
 */
const DENIED_SERVICES: readonly (readonly [service: string, ...ports: number[]])[] = [
  ['SOCKS proxy', 1080],
  ['Microsoft SQL Server', 1433, 1434],
  ['Oracle database', 1521, 1522, 1525, 2483, 2484],
  ['H.323', 1719, 1720],
  ['PPTP', 1723],
  ['MQTT', 1883, 8883],
  ['NFS', 2049],
  ['ZooKeeper', 2181, 2888, 3888],
  ['Docker', 2375, 2376, 2377],
  ['etcd', 2379, 2380, 4001],
  ['HTTP proxy', 3128, 8118, 8123],
  ['LDAP global catalogue', 3268, 3269],
  ['MySQL', 3306, 33_060],
  ['Remote Desktop', 3389],
  ['Subversion', 3690],
  ['NFS lock daemon', 4045],
  ['Sieve', 4190],
  ['NATS', 4222, 6222, 8222],
  ['Erlang port mapper', 4369],
  ['Salt', 4505, 4506],
  ['SIP', 5060, 5061],
  ['BOSH and administration of XMPP servers', 5280, 5281, 9090, 9091],
  ['PostgreSQL', 5432, 6432],
  ['Kibana', 5601],
  ['AMQP', 5671, 5672, 15_672, 25_672],
  ['VNC', 5800, 5900, 5901, 5902, 5903],
  ['CouchDB', 5984, 6984],
  ['Windows Remote Management', 5985, 5986],
  ['X11', 6000, 6001, 6002, 6003, 6004, 6005],
  ['Redis', 6379, 6380, 16_379, 26_379],
  ['Kubernetes', 6443, 10_250, 10_255, 10_256],
  ['SMTP relays of old', 6566],
  ['IRC', 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000],
  ['Cassandra', 7001, 7199, 9042, 9160],
  ['Neo4j', 7473, 7474, 7687],
  [
    'HTTP of development and administration',
    3000,
    5000,
    8000,
    8008,
    8080,
    8081,
    8088,
    8888,
    9000,
    9443,
    10_000,
  ],
  ['AJP', 8009],
  ['InfluxDB', 8086],
  ['Vault and Consul', 8200, 8300, 8301, 8500, 8501],
  ['Solr', 8983],
  ['Kafka', 9092, 9093],
  ['Printer', 9100],
  ['Elasticsearch', 9200, 9300],
  ['Git', 9418],
  ['Zabbix', 10_050, 10_051],
  ['Amanda', 10_080],
  ['memcached', 11_211],
  ['MongoDB', 27_017, 27_018, 27_019],
  ['DB2 and SAP', 50_000],
  ['Hadoop', 50_070, 50_075],
  ['ActiveMQ', 61_613, 61_616],
];

const deniedPorts = new Map(
  DENIED_SERVICES.flatMap(([service, ...ports]) => ports.map((port) => [port, service] as const)),
);

export type PortVerdict =
  | { readonly allowed: true }
  /** `why` is for logs: as `Redis`. */
  | { readonly allowed: false; readonly why: string };

/** Whether boshd may dial a port that a foreign domain's SRV record named. An operator's override may name any. */
export function portVerdict(port: number): PortVerdict {
  if (!Number.isInteger(port) || port < 1 || port > LAST_PORT) return { allowed: false, why: 'not a port' };
  if (port < FIRST_USER_PORT && port !== HTTPS_PORT) return { allowed: false, why: 'a port of the system' };
  const service = deniedPorts.get(port);
  return service === undefined ? { allowed: true } : { allowed: false, why: service };
}
