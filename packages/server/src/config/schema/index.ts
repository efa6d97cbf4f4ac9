import { z } from 'zod';
import { adminKeys } from './admin.ts';
import { geoKeys } from './geo.ts';
import { isLocal } from './listen.ts';
import { serviceKeys } from './service.ts';
import { siteKeys } from './site.ts';

export { type KeyFacts, type KeyKind, keyFacts } from './kinds.ts';
export { formatListenAt, type ListenAt } from './listen.ts';
export { type Bytes, formatDuration, formatHostPort, formatSize, type HostPort } from './values.ts';

/**
 * Every configuration key, declared once: its type, default, limits, purpose and reason. The file, the environment, the
 * flags, the reference and the JSON Schema all follow from it.
 */
export const configSchema = z.strictObject({ ...serviceKeys, ...siteKeys, ...adminKeys, ...geoKeys });

type DeepReadonly<Value> = Value extends string | number | boolean | undefined
  ? Value
  : Value extends ReadonlyMap<infer Name, infer Item>
    ? ReadonlyMap<Name, DeepReadonly<Item>>
    : { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> };

/** The whole configuration: checked, defaults filled in. Durations are in milliseconds (`Duration`), sizes in bytes. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** Rules that need more than one key. Checked only when each key is right by itself. */
export const CROSS_RULES: readonly {
  readonly path: readonly string[];
  readonly broken: (config: Config) => boolean;
  readonly what: string;
  readonly fix: string;
}[] = [
  {
    path: ['tls', 'certFile'],
    broken: ({ tls }) => tls.certFile === undefined && tls.keyFile !== undefined,
    what: 'is missing, though tls.keyFile is set',
    fix: 'set both, or none',
  },
  {
    path: ['tls', 'keyFile'],
    broken: ({ tls }) => tls.keyFile === undefined && tls.certFile !== undefined,
    what: 'is missing, though tls.certFile is set',
    fix: 'set both, or none',
  },
  {
    path: ['admin', 'listen'],
    broken: ({ admin }) => !admin.insecureRemote && !admin.listen.every(isLocal),
    what: 'names an address that other machines reach, and whoever reaches it sees who uses boshd',
    fix: 'use a loopback address or unix:/PATH, or set admin.insecureRemote',
  },
  {
    path: ['credentials'],
    broken: ({ credentials, origins }) => credentials && origins === '*',
    what: "is true, though origins is '*': any page could act with the cookies of any visitor",
    fix: 'list the origins, or set credentials to false',
  },
  {
    path: ['limits', 'stanzaBytesMax'],
    broken: ({ limits }) => limits.stanzaBytesMax > limits.bodyBytesMax,
    what: 'is larger than limits.bodyBytesMax, so that no such stanza could ever come',
    fix: 'raise limits.bodyBytesMax, or lower this',
  },
  {
    path: ['session', 'queueBytesMax'],
    broken: ({ session, limits }) => session.queueBytesMax < limits.serverStanzaBytesMax,
    what: 'is smaller than limits.serverStanzaBytesMax, so that one stanza would fill the queue',
    fix: 'raise it, or lower limits.serverStanzaBytesMax',
  },
];
