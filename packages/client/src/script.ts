/** What the file for plain script tags has: all of it, and the adapters that need nothing of their library. */
export { addToStanza } from './adapters/stanza.ts';
export { addToStrophe } from './adapters/strophe.ts';
export * from './index.ts';
