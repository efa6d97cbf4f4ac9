import type { ClientToolbox } from '@boshd/engine/client';

/** What the engine needs of a page. */
export const toolbox: ClientToolbox = {
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
