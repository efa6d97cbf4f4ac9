/**
 * How this tab is carried. A browser opens six connections to an origin over HTTP/1.1, for all its tabs; a BOSH session
 * holds one of them, and a second one while it sends. So the first tabs of a browser are carried by BOSH, and the others by
 * WebSocket, which browsers count apart. A tab has a Web Lock for its place as long as it is there.
 */

/** Three held requests leave three connections for what is sent, and for pages. */
const BOSH_TABS_MAX = 3;
/** After a reload the page before may have its place for a moment. */
const TRIES_AFTER_RELOAD = 20;
const TRY_AGAIN_MS = 50;

/** @typedef {'bosh' | 'websocket'} Carrier */

/**
 * @param {Carrier | undefined} before of the page before in this tab: its session goes on by the same
 * @returns {Promise<Carrier>}
 */
export async function takeCarrier(before) {
  // Browsers have Web Locks in secure contexts only, as on localhost.
  if (!('locks' in navigator)) return 'bosh';
  for (let tries = before === 'bosh' ? TRIES_AFTER_RELOAD : 1; tries > 0; tries -= 1) {
    if (await takePlace()) return 'bosh';
    if (tries > 1) await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  }
  return before ?? 'websocket';
}

async function takePlace() {
  for (let place = 1; place <= BOSH_TABS_MAX; place += 1) {
    if (await takeLock(`boshd-demo place ${place}`, { ifAvailable: true })) return true;
  }
  return false;
}

/**
 * Holds the lock as long as the page is there.
 *
 * @param {string} name
 * @param {LockOptions} options
 * @returns {Promise<boolean>}
 */
function takeLock(name, options) {
  return new Promise((resolve) => {
    void navigator.locks.request(name, options, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}
