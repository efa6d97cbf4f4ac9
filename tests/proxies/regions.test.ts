import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FrontProxy, printed, startProxy } from '../support/proxies/index.ts';
import { bodyText } from '../support/xmpp/bosh-client.ts';
import { DOMAIN, type Members, startMembers } from './members.ts';

const run = promisify(execFile);
/** A database of countries that npm has, in the flat form. */
const PACKAGE = createRequire(import.meta.url).resolve(
  '@ip-location-db/geo-whois-asn-country-mmdb/package.json',
);
const DATABASE = join(dirname(PACKAGE), 'geo-whois-asn-country.mmdb');

let members: Members;
let directory = '';
let config = '';
const open: FrontProxy[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boshd-test-regions-'));
  members = await startMembers(2);
  config = join(directory, 'boshd.yaml');
  const [eu, us] = members.boshds.map(({ port }) => port);
  await writeFile(
    config,
    `cluster: { members: ["127.0.0.1:${eu} region=eu", "127.0.0.1:${us} region=us"] }
regions:
  eu: { countries: [DE] }
  us: { countries: [US], continents: [NA] }
geo: { databaseFile: ${JSON.stringify(DATABASE)} }
`,
  );
});
afterAll(async () => {
  for (const proxy of open) await proxy.stop();
  await members.stop();
  await rm(directory, { recursive: true });
});

interface From {
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A creation; the status of its reply. */
function create(proxy: FrontProxy, { localAddress, headers = {} }: From): Promise<number> {
  const { url, headers: ofSite } = proxy.site('one.example');
  const body = bodyText({ rid: 1, to: DOMAIN, wait: 10, hold: 1, ver: '1.6', 'xml:lang': 'en' });
  return new Promise((resolve, reject) => {
    const post = request(
      url,
      {
        method: 'POST',
        ...(localAddress === undefined ? {} : { localAddress }),
        headers: { ...ofSite, ...headers },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    post.on('error', reject);
    post.end(body);
  });
}

/** Which of the two members has a new session by then. */
async function where(proxy: FrontProxy, from: From): Promise<string> {
  const counts = () =>
    Promise.all(
      members.boshds.map(
        async (boshd) => (await boshd.lines()).filter(({ event }) => event === 'session-created').length,
      ),
    );
  const before = await counts();
  expect(await create(proxy, from)).toBe(200);
  const after = await counts();
  return ['eu', 'us'].filter((_, index) => after[index] !== before[index]).join();
}

test('HAProxy: the printed command makes the list, and the list decides', async () => {
  const locations =
    'geoname_id,locale_code,continent_code,continent_name,country_iso_code,country_name,is_in_european_union';
  await writeFile(
    join(directory, 'GeoLite2-Country-Locations-en.csv'),
    `${locations}\n1,en,EU,Europe,DE,Germany,1\n2,en,NA,"North America",CA,Canada,0\n3,en,AS,Asia,JP,Japan,0\n`,
  );
  const blocks =
    'network,geoname_id,registered_country_geoname_id,represented_country_geoname_id,is_anonymous_proxy,is_satellite_provider';
  const rows = '127.0.0.1/32,1,1,,0,0\n127.0.0.2/32,2,2,,0,0\n127.0.0.3/32,3,3,,0,0\n127.0.0.4/32,,2,,0,0\n';
  await writeFile(join(directory, 'GeoLite2-Country-Blocks-IPv4.csv'), `${blocks}\n${rows}`);
  await writeFile(join(directory, 'GeoLite2-Country-Blocks-IPv6.csv'), `${blocks}\n2001:db8::/32,1,1,,0,0\n`);
  const map = join(directory, 'regions.map');
  const flags = ['--config', config, '--host', 'one.example', '--region-map', map];
  const text = await printed('haproxy', flags);
  const command = [...text.matchAll(/^ *# {5}(awk.*| {2}.*)$/gm)].map((match) => match[1]).join('\n');
  await run('sh', ['-c', command], { cwd: directory });
  const proxy = await startProxy('haproxy', flags);
  open.push(proxy);
  const regions = [];
  for (const last of [1, 2, 3, 4, 5]) regions.push(await where(proxy, { localAddress: `127.0.0.${last}` }));
  // By country, by continent; Japan is of no region and goes to the home one; by registration; unknown.
  expect(regions).toEqual(['eu', 'us', 'eu', 'us', 'eu']);
});

test('nginx: the database decides', async () => {
  const proxy = await startProxy('nginx', ['--config', config, '--host', 'one.example'], {
    main: 'load_module /usr/lib/nginx/modules/ngx_http_geoip2_module.so;',
    // So that a test can have the address of another country.
    http: 'set_real_ip_from 127.0.0.1; real_ip_header X-Test-Address;',
  });
  open.push(proxy);
  const from = (address: string) => where(proxy, { headers: { 'x-test-address': address } });
  expect([await from('8.8.8.8'), await from('141.1.1.1'), await from('127.0.0.1')]).toEqual([
    'us',
    'eu',
    'eu',
  ]);
});
