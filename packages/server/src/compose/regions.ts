import { rankRegions } from '@boshd/engine/site';
import type { Config } from '../config/index.ts';
import type { RegionsOf } from '../front/options.ts';
import type { Logger } from '../observe/index.ts';
import { regionsOf } from './options.ts';

/** Finds the regions that suit a client, and lets go of what it needs for that. */
export interface RegionFinder {
  /** Undefined: there are no regions to choose from. */
  readonly regionsOf: RegionsOf | undefined;
  close(): void;
}

/** Opens the database, if there is one. Throws GeoError. */
export async function openRegions(config: Config, logger: Logger): Promise<RegionFinder> {
  const regions = regionsOf(config);
  const { databaseFile: path, databaseCheck: checkMs } = config.geo;
  if (regions.length === 0) return { regionsOf: undefined, close: () => undefined };
  const { GeoDatabase, locator } = await import('../geo/index.ts');
  const reloaded = (fault: string | undefined): void => {
    if (fault === undefined) logger.info('GeoIP database read again', { path });
    else logger.warn('GeoIP database not read again, the old one stays in use', { fault });
  };
  const database = path === undefined ? undefined : new GeoDatabase({ path, checkMs, reloaded });
  const locate = locator({ database });
  return {
    regionsOf: (address, country) => {
      const place = locate(address, country);
      return place === undefined ? NOWHERE : rankRegions(place, regions).map(({ region }) => region);
    },
    close: () => database?.close(),
  };
}

/** Where nothing is known of a client, the member that it came to is as good as any. */
const NOWHERE: readonly string[] = [];
