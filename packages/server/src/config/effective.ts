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

/** A value as it would be written in the file. */
function written(value: unknown, key: Key): unknown {
  switch (key.facts.kind) {
    case 'duration':
      return formatDuration(value as Duration);
    case 'size':
      return formatSize(value as Bytes);
    case 'group':
      return writtenKeys(value, key.children);
    case 'map':
      if (!(value instanceof Map)) return value;
      return Object.fromEntries([...value].map(([name, entry]) => [name, writtenKeys(entry, key.children)]));
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

function writtenKeys(values: unknown, keys: readonly Key[]): Record<string, unknown> {
  const entries = Object.entries(values ?? {}).flatMap(([name, value]: [string, unknown]) => {
    const key = keys.find(({ path }) => path.at(-1) === name);
    return key === undefined || value === undefined ? [] : [[name, written(value, key)] as const];
  });
  return Object.fromEntries(entries);
}

/** The whole configuration, defaults included, as a file that gives the same one when it is loaded. */
export function effectiveText(config: Config): string {
  return stringify(writtenKeys(config, TOP_KEYS), { lineWidth: 0 });
}
