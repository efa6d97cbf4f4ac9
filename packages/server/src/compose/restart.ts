import { isDeepStrictEqual } from 'node:util';
import { type Config, SETTABLE_KEYS, SITE_KEYS } from '../config/index.ts';

/** What a reload puts into effect, with all that is below: these, and everything that a site may have for itself. */
const RELOADED: readonly (string | undefined)[] = [
  'sites',
  'defaultSite',
  'trustedProxies',
  'forwardedHeader',
  'tls',
  'shutdown',
  ...SITE_KEYS.map(({ path }) => path.at(-1)),
];
const RELOADED_BELOW: readonly string[] = ['upstream.overrides'];

/** The keys that differ and that only a restart puts into effect. */
export function needRestart(old: Config, next: Config): readonly string[] {
  const keys = SETTABLE_KEYS.filter(({ path: [first] }) => !RELOADED.includes(first))
    .filter(({ path }) => !RELOADED_BELOW.includes(path.join('.')))
    .filter(({ path }) => !isDeepStrictEqual(valueAt(old, path), valueAt(next, path)))
    .map(({ path }) => path.join('.'));
  // Whether clients are asked for a certificate is settled with the listener.
  const isAskingSwitched = asks(old) !== asks(next);
  const isTlsSwitched = (old.tls.certFile === undefined) !== (next.tls.certFile === undefined);
  return [
    ...keys,
    ...(isTlsSwitched ? ['tls'] : []),
    ...(isAskingSwitched ? ['proxiedBy.certificates'] : []),
  ];
}

function asks({ sites }: Config): boolean {
  return [...sites.values()].some(({ proxiedBy }) => proxiedBy.certificates.length > 0);
}

function valueAt(config: Config, path: readonly string[]): unknown {
  let value: unknown = config;
  for (const name of path) value = Reflect.get(Object(value), name);
  return value;
}
