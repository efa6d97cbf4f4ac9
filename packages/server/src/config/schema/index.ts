import { z } from 'zod';
import { adminKeys } from './admin.ts';
import { clusterKeys } from './cloud/cluster.ts';
import { geoKeys } from './geo.ts';
import { serviceKeys } from './service.ts';
import { siteKeys } from './site/site.ts';
import { type siteSchema, sites } from './site/sites.ts';

export { formatMember, type MemberAt, parseMember } from './cloud/members.ts';
export { type KeyFacts, type KeyKind, keyFacts } from './kinds/kinds.ts';
export {
  type Bytes,
  formatDuration,
  formatHostPort,
  formatSize,
  type HostPort,
  parseDomain,
  parseDuration,
} from './kinds/values.ts';
export { formatListenAt, type ListenAt, type PassedSockets } from './listen.ts';

/**
 * Every configuration key, declared once: its type, default, limits, purpose and reason. The file, the environment, the
 * flags, the reference and the JSON Schema all follow from it.
 */
export const configSchema = z.strictObject({
  ...serviceKeys,
  ...siteKeys,
  sites,
  ...adminKeys,
  ...geoKeys,
  ...clusterKeys,
});

type DeepReadonly<Value> = Value extends string | number | boolean | undefined
  ? Value
  : Value extends ReadonlyMap<infer Name, infer Item>
    ? ReadonlyMap<Name, DeepReadonly<Item>>
    : { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> };

/** The whole configuration: checked, defaults filled in. Durations are in milliseconds (`Duration`), sizes in bytes. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** One of `sites`, with what it takes over from the top of the file. */
export type SiteConfig = DeepReadonly<z.output<typeof siteSchema>>;

/** What every site decides, the default one at the top of the file included. */
export type SiteKeys = Omit<SiteConfig, 'hosts' | 'proxiedBy'>;
