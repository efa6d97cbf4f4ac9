import type { Site } from '@boshd/engine/manager';
import type { ClusterStatus } from '../admin/index.ts';
import { TURNED_AWAY_CODES, UNRECOGNISED_CODES } from '../front/accept/door.ts';
import type { Front } from '../front/index.ts';
import type { DescribedSeries } from '../observe/index.ts';

/** What came and went at each site, as the manager counts it with every request. */
export function* trafficSeries(sites: Iterable<Site>): Iterable<DescribedSeries> {
  const all = [...sites].map(({ name, traffic }) => ({ labels: { site: name }, traffic }));
  for (const { labels, traffic } of all) {
    yield {
      name: 'boshd_requests_total',
      help: 'Requests of sessions that were taken.',
      labels,
      value: traffic.requests,
    };
  }
  for (const { labels, traffic } of all) {
    yield {
      name: 'boshd_received_bytes_total',
      help: 'Bytes of stanzas that clients sent.',
      labels,
      value: traffic.bytesIn,
    };
  }
  for (const { labels, traffic } of all) {
    yield {
      name: 'boshd_sent_bytes_total',
      help: 'Bytes of replies to clients, without their HTTP heads.',
      labels,
      value: traffic.bytesOut,
    };
  }
}

/** How often a request came in at another member than the one that has its session. */
export function* hopSeries(cluster: ClusterStatus | undefined): Iterable<DescribedSeries> {
  yield {
    name: 'boshd_requests_forwarded_total',
    help: 'Requests that came in here and were given to another member, creations too.',
    labels: {},
    value: cluster?.forwarded ?? 0,
  };
}

/** What the HTTP side turned away, and what looked like a known web server's and was not. */
export function* frontSeries({ door }: Front): Iterable<DescribedSeries> {
  for (const [code, value] of begun(door.counts.turnedAway, TURNED_AWAY_CODES)) {
    yield {
      name: 'boshd_connections_turned_away_total',
      help: 'Connections of HTTP clients that were not taken, by the code of why.',
      labels: { code },
      value,
    };
  }
  for (const [code, value] of begun(door.counts.unrecognised, UNRECOGNISED_CODES)) {
    yield {
      name: 'boshd_sites_unrecognised_total',
      help: 'Times that a request showed a secret of a site and did not get to it, by the code of why; mostly once a connection.',
      labels: { code },
      value,
    };
  }
}

/** A code that was never counted is 0. */
function begun(counts: ReadonlyMap<string, number>, codes: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...codes.map((code) => [code, 0] as const), ...counts]);
}
