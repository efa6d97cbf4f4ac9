export { databaseFault, GeoDatabase, type GeoDatabaseOptions, GeoError } from './database.ts';
export { type Locate, type LocateOptions, locator } from './locate.ts';
