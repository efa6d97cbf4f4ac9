import type { Place } from '@boshd/engine/site';
import type { GeoDatabase } from './database.ts';
import { countryCode } from './record.ts';

/**
 * Where a client is: `header` is the value of the configured header, given only where a trusted proxy sent it. Undefined
 * where nobody knows.
 */
export type Locate = (address: string, header: string | undefined) => Place | undefined;

export interface LocateOptions {
  readonly database: Pick<GeoDatabase, 'placeOf'> | undefined;
}

/** The header's country wins: a content delivery network knows more of its clients than a database does. */
export function locator({ database }: LocateOptions): Locate {
  return (address, header) => {
    const country = header === undefined ? undefined : countryCode(header);
    const place = database?.placeOf(address);
    if (country === undefined) return place;
    return place?.country === country ? place : { country };
  };
}
