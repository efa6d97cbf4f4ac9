import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, longest first: begun last, one of them would run on alone when all others are done. */
const LONG = [
  'hostile/xmpp-servers',
  'proxies/same-origin',
  'proxies/elsewhere',
  'proxies/failure',
  'proxies/real-clients',
  'interop/server-stops',
  'browser/demo',
  'browser/cross-domain',
  'cloud-simulation/cloud-simulation',
  'simulation/simulation',
  'failover/failover',
  'conformance/conformance',
  'hostile/memory',
  'exhaustive/exhaustive',
  'proxies/drain',
  'fuzz/framer',
  'fuzz/fast-lane',
  'interop/websocket',
  'interop/reload',
  'proxies/cloud',
  'cluster/operator',
  'interop/check',
  'cluster/frozen-nats',
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
