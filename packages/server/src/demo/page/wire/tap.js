/**
 * Watches what a library sends by XMLHttpRequest without touching the library: the page's XMLHttpRequest becomes a
 * subclass that tells what happens to it.
 */

/**
 * One HTTP request of BOSH and what became of it.
 *
 * @typedef {object} Exchange
 * @property {number} number counted from 1
 * @property {string} request the <body/> sent
 * @property {number} sentAtMs by performance.now()
 * @property {number | undefined} doneAtMs undefined while the service holds it
 * @property {number} status of HTTP; 0 while there is none
 * @property {string} response the <body/> that came back
 * @property {'held' | 'answered' | 'failed'} state
 */

/**
 * @param {string} path of the BOSH service; other requests are not told
 * @param {(exchange: Exchange) => void} changed called when one is sent, and when it is over
 */
export function tapRequests(path, changed) {
  let count = 0;
  const serviceUrl = new URL(path, location.href).href;

  class WatchedRequest extends XMLHttpRequest {
    #url = '';

    /**
     * @override
     * @param {string} method
     * @param {string | URL} url
     * @param {boolean} [isAsync]
     */
    open(method, url, isAsync = true) {
      this.#url = new URL(url, location.href).href;
      super.open(method, url, isAsync);
    }

    /**
     * @override
     * @param {Document | XMLHttpRequestBodyInit | null} [body]
     */
    send(body) {
      if (this.#url === serviceUrl && typeof body === 'string') this.#watch(body);
      super.send(body);
    }

    /** @param {string} request */
    #watch(request) {
      count += 1;
      /** @type {Exchange} */
      const exchange = {
        number: count,
        request,
        sentAtMs: performance.now(),
        doneAtMs: undefined,
        status: 0,
        response: '',
        state: 'held',
      };
      this.addEventListener('loadend', () => {
        exchange.doneAtMs = performance.now();
        exchange.status = this.status;
        exchange.response = this.status === 0 ? '' : this.responseText;
        exchange.state = this.status === 200 ? 'answered' : 'failed';
        changed(exchange);
      });
      changed(exchange);
    }
  }
  globalThis.XMLHttpRequest = WatchedRequest;
}
