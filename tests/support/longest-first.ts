import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, longest first: begun last, one of them would run on alone when all others are done. */
const LONG = [
  'proxies/same-origin',
  'release/release',
  'check/url',
  'hostile/memory',
  'simulation/simulation',
  'browser/demo',
  'survive/survive',
  'exhaustive/exhaustive',
  'proxies/real-clients',
  'proxies/failure',
  'proxies/elsewhere',
  'policy/forbidden',
  'hostile/xmpp-servers',
  'browser/strangers',
  'browser/cross-domain',
  'interop/server-stops',
  'client/browser',
  'interop/check',
  'cloud-simulation/cloud-simulation',
  'interop/burst',
  'interop/websocket',
  'interop/strangers',
  'proxies/cloud',
  'proxies/drain',
  'proxies/reload',
  'browser/cloud',
  'failover/failover',
  'conformance/conformance',
  'client/examples',
  'interop/operator',
  'deploy/clean-clone',
  'cluster/frozen-nats',
  'cluster/rolling',
  'cluster/operator',
  'survive/upgrade',
];

/** Vitest knows what took long from the last run, and a clean clone has none. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.endsWith(`tests/${name}.test.ts`));
      return place < 0 ? LONG.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
