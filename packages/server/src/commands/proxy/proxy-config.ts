import { type Config, FILE_VARIABLE, nearest } from '../../config/index.ts';
import { PROXY_SERVERS, type ProxyServer } from '../../proxy-config/index.ts';
import { type Command, EXIT, type OwnFlag } from '../common/command.ts';
import { loadOrTell } from '../common/load.ts';
import { clusterFacts, elsewhereFacts } from './facts.ts';
import { FlagReader } from './flags.ts';

const NAMES = Object.keys(PROXY_SERVERS);

const DETAILS = `For the web server in front of boshd: the BOSH and WebSocket URLs on the origin of your sites, balanced over the members, with
fail-over. The time-outs, paths and members come from the configuration; what it prints says where to put it.

  boshd proxy-config nginx --host chat.example.org
  boshd proxy-config haproxy --host chat.example.org --pages http://127.0.0.1:8080 \\
      --member "10.0.0.1:5280 region=eu" --member "10.1.0.1:5280 region=us" --here eu
  boshd proxy-config apache --config boshd.yaml --host a.example --host b.example \\
      --pages "/srv/{host}" --certificate "/etc/ssl/{host}.pem" --key "/etc/ssl/{host}.key"

With --to, for a web site whose BOSH service runs elsewhere (${NAMES.filter((name) => typeof PROXY_SERVERS[name]?.elsewhere !== 'string').join(', ')}):

  boshd proxy-config nginx --host www.example.org --to https://bosh.example.net/http-bind --site KEY \\
      --backup https://other.example.com/bosh`;

const FLAGS: readonly OwnFlag[] = [
  {
    name: 'config',
    value: 'FILE',
    summary: `The configuration of boshd. Default: what ${FILE_VARIABLE} names, else none.`,
  },
  { name: 'host', value: 'NAME', summary: 'A web site, by its host name. Repeat it for more.' },
  {
    name: 'pages',
    value: 'DIR|URL',
    summary: "Where the site's pages are: a directory, or another web server. {host} stands for the name.",
  },
  {
    name: 'listen',
    value: 'ADDRESS',
    summary:
      'Where the proxy listens: a port, or an address with a port. Default 80, or 443 with a certificate.',
  },
  {
    name: 'certificate',
    value: 'FILE',
    summary: 'The certificate chain of the site. {host} stands for the name.',
  },
  { name: 'key', value: 'FILE', summary: 'Its private key.' },
  {
    name: 'wait',
    value: 'SECONDS',
    summary: 'The longest that a request is held. Default: session.waitMax; with --to at least 60.',
  },
  {
    name: 'repeat',
    value: 'BYTES',
    summary: 'The longest request that the proxy can send once more. Default 65536.',
  },
  {
    name: 'member',
    value: 'MEMBER',
    summary:
      'A member, such as "10.0.0.1:5280 region=eu weight=2 id=eu-1". Default: cluster.members, else listen.',
  },
  {
    name: 'here',
    value: 'REGION',
    summary:
      'The region in which this proxy stands: its members come first. Default: that of the first member.',
  },
  {
    name: 'region-map',
    value: 'FILE',
    summary: 'haproxy: the list of networks and their regions. Default: /etc/haproxy/boshd-regions.map.',
  },
  {
    name: 'cookie',
    value: 'NAME',
    summary:
      'The routing cookie, by whose value (the id of a member) requests go there first. Default: cluster.routingCookie.',
  },
  {
    name: 'websocket',
    value: 'PATH',
    summary: 'The path of the WebSocket; none for none. Default: websocket.paths.',
  },
  {
    name: 'snippet',
    value: undefined,
    summary: 'nginx: only what a server block that is there already needs for one boshd.',
  },
  { name: 'to', value: 'URL', summary: 'The BOSH service elsewhere.' },
  { name: 'site', value: 'KEY', summary: 'With --to: the key by which that service knows the site.' },
  {
    name: 'backup',
    value: 'URL',
    summary: 'With --to: another BOSH service, for when the first can not be reached.',
  },
  {
    name: 'ca',
    value: 'FILE',
    summary: 'With --to: the authorities (PEM) to trust. Default: those of the system.',
  },
];

export const proxyConfigCommand: Command = {
  name: 'proxy-config',
  summary: `Print a configuration for the web server in front: ${NAMES.join(', ')}.`,
  usage: 'SERVER --host NAME [FLAGS]',
  details: DETAILS,
  flags: FLAGS,
  takesConfig: false,
  operands: { min: 1, max: 1 },
  async run({ flags, operands: [name = ''] }, { environment, out, err }) {
    const server = Object.hasOwn(PROXY_SERVERS, name) ? PROXY_SERVERS[name] : undefined;
    if (server === undefined) {
      const meant = nearest(name, NAMES);
      const hint = meant === undefined ? `there are ${NAMES.join(', ')}` : `did you mean ${meant}?`;
      err(`boshd proxy-config: unknown server ${JSON.stringify(name)}; ${hint}\n`);
      return EXIT.misused;
    }
    const file = flags.get('config')?.at(-1) ?? (environment[FILE_VARIABLE] || undefined);
    const config = loadOrTell({ file, environment }, err);
    if (config === undefined) return EXIT.failed;
    // The part of a site that is there already needs no name.
    const named =
      flags.has('snippet') && !flags.has('host') ? new Map([...flags, ['host', ['localhost']]]) : flags;
    const reader = new FlagReader(named);
    const text = configuration(reader, config, server);
    if (text === undefined || reader.problems.length > 0) {
      for (const problem of reader.problems) err(`boshd proxy-config: ${problem}\n`);
      return EXIT.misused;
    }
    out(text);
    return EXIT.done;
  },
};

/** The text; undefined when something is wrong with the flags. */
function configuration(flags: FlagReader, config: Config, server: ProxyServer): string | undefined {
  if (flags.has('snippet')) return snippet(flags, config, server);
  if (!flags.has('to')) {
    const facts = clusterFacts(flags, config, server);
    return flags.problems.length === 0 ? server.cluster(facts) : undefined;
  }
  if (typeof server.elsewhere === 'string') {
    flags.wrong(`--to: ${server.elsewhere}`);
    return undefined;
  }
  const facts = elsewhereFacts(flags, config, server);
  return facts === undefined || flags.problems.length > 0 ? undefined : server.elsewhere(facts);
}

function snippet(flags: FlagReader, config: Config, server: ProxyServer): string | undefined {
  if (server.snippet === undefined) flags.wrong('--snippet: there is one for nginx only');
  if (flags.has('to')) flags.wrong('--snippet and --to do not go together: leave out --snippet');
  const facts = clusterFacts(flags, config, server);
  if (facts.members.length > 1) flags.wrong('--snippet is for one boshd: leave it out for several members');
  return flags.problems.length === 0 ? server.snippet?.(facts) : undefined;
}
