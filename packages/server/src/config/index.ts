export { clusterKeysFault, clusterKeysIn } from './cluster-keys.ts';
export { effectiveText } from './effective.ts';
export { SITE_KEYS } from './inherit.ts';
export { SETTABLE_KEYS } from './keys.ts';
export { type ConfigSources, loadConfig } from './load.ts';
export { nearest } from './nearest.ts';
export { type ConfigProblem, formatProblem } from './problems.ts';
export { configReference, jsonSchemaText } from './reference.ts';
export {
  type Bytes,
  type Config,
  formatDuration,
  formatHostPort,
  formatListenAt,
  type HostPort,
  type ListenAt,
  type MemberAt,
  parseDomain,
  parseDuration,
  parseMember,
  type SiteConfig,
  type SiteKeys,
} from './schema/index.ts';
export { type Environment, FILE_VARIABLE, type Flags } from './settings.ts';
