import { readFileSync, type StatWatcher, unwatchFile, watchFile } from 'node:fs';
import { isIP } from 'node:net';
import type { Place } from '@boshd/engine/site';
import { Reader } from 'mmdb-lib';
import { placeOf } from './record.ts';

/** The GeoIP database can not be used; the message names the file and what is wrong. */
export class GeoError extends Error {
  readonly code = 'GEO_DATABASE_UNUSABLE';
}

export interface GeoDatabaseOptions {
  readonly path: string;
  /** How often to look whether the file is another one, in milliseconds. Databases come out weekly at most. */
  readonly checkMs: number;
  /** A new file was read (`fault` undefined), or could not be and the old one stays. */
  readonly reloaded: (fault: string | undefined) => void;
}

type Records = ConstructorParameters<typeof Reader>[0];

/**
 * A database of MaxMind's format, in memory. Read again when the file changes; a file that can not be read leaves the old one in
 * use.
 */
export class GeoDatabase {
  readonly #options: GeoDatabaseOptions;
  readonly #watcher: StatWatcher;
  readonly #changed = (): void => this.#reload();
  #reader: Reader<never>;

  /** Throws GeoError. */
  constructor(options: GeoDatabaseOptions) {
    this.#options = options;
    this.#reader = read(options.path);
    // By its times and size, not by the kernel's notices: updaters put a new file in the place of the old one.
    this.#watcher = watchFile(options.path, { interval: options.checkMs, persistent: false }, this.#changed);
    this.#watcher.unref();
  }

  /** Where an address is; undefined where the database does not know it. */
  placeOf(address: string): Place | undefined {
    const family = isIP(address);
    // The reader would take the first bits of an IPv6 address for an IPv4 one.
    if (family === 0 || family > this.#reader.metadata.ipVersion) return undefined;
    try {
      return placeOf(this.#reader.get(address));
    } catch {
      // A damaged record says nothing of a client; the database as a whole was checked when it was read.
      return undefined;
    }
  }

  close(): void {
    unwatchFile(this.#options.path, this.#changed);
  }

  #reload(): void {
    const { path, reloaded } = this.#options;
    try {
      this.#reader = read(path);
    } catch (error) {
      if (!(error instanceof GeoError)) throw error;
      reloaded(error.message);
      return;
    }
    reloaded(undefined);
  }
}

/** The file and why it cannot be used; undefined: it can. */
export function databaseFault(path: string): string | undefined {
  try {
    read(path);
    return undefined;
  } catch (error) {
    if (error instanceof GeoError) return error.message;
    throw error;
  }
}

function read(path: string): Reader<never> {
  let bytes: Records;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new GeoError(`${path}: can not be read`, { cause });
  }
  try {
    return new Reader<never>(bytes);
  } catch (cause) {
    throw new GeoError(`${path}: is not a database of MaxMind's format (.mmdb)`, { cause });
  }
}
