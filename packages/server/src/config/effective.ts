import type { Duration } from '@boshd/engine/kit';
import { stringify } from 'yaml';
import { type Key, TOP_KEYS } from './keys.ts';
import {
  type Bytes,
  type Config,
  formatDuration,
  formatListenAt,
  formatMember,
  formatSize,
  type ListenAt,
  type MemberAt,
  type PassedSockets,
} from './schema/index.ts';

/** In place of a secret. No secret can be written so: a file that has it is refused, instead of being served with it. */
const HIDDEN = '***';

/** A value as it would be written in the file. */
function written(value: unknown, key: Key, hidesSecrets: boolean): unknown {
  if (hidesSecrets && key.facts.isSecret === true)
    return Array.isArray(value) ? value.map(() => HIDDEN) : HIDDEN;
  switch (key.facts.kind) {
    case 'duration':
      return formatDuration(value as Duration);
    case 'size':
      return formatSize(value as Bytes);
    case 'group':
      return writtenKeys(value, key.children, hidesSecrets);
    case 'map':
      if (!(value instanceof Map)) return value;
      return Object.fromEntries(
        [...value].map(([name, entry]) => [name, writtenKeys(entry, key.children, hidesSecrets)]),
      );
    case 'list':
      return Array.isArray(value) ? value.map(writtenItem) : value;
    default:
      return value;
  }
}

function writtenItem(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  return 'weight' in item ? formatMember(item as MemberAt) : formatListenAt(item as ListenAt | PassedSockets);
}

function writtenKeys(values: unknown, keys: readonly Key[], hidesSecrets: boolean): Record<string, unknown> {
  const entries = Object.entries(values ?? {}).flatMap(([name, value]: [string, unknown]) => {
    const key = keys.find(({ path }) => path.at(-1) === name);
    return key === undefined || value === undefined
      ? []
      : [[name, written(value, key, hidesSecrets)] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * The whole configuration, defaults included, as a file that gives the same one when it is loaded; with its secrets hidden, one
 * that can be shown to others, and is refused where there were any.
 */
export function effectiveText(config: Config, secrets: 'shown' | 'hidden'): string {
  return stringify(writtenKeys(config, TOP_KEYS, secrets === 'hidden'), { lineWidth: 0 });
}
