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
      if (this.#url === serviceUrl && typeof body === 'string') {
        count += 1;
        watch(this, count, body, changed);
      }
      super.send(body);
    }
  }
  globalThis.XMLHttpRequest = WatchedRequest;
}

/**
 * @param {XMLHttpRequest} xhr
 * @param {number} number
 * @param {string} request
 * @param {(exchange: Exchange) => void} changed
 */
function watch(xhr, number, request, changed) {
  /** @type {Exchange} */
  const exchange = {
    number,
    request,
    sentAtMs: performance.now(),
    doneAtMs: undefined,
    status: 0,
    response: '',
    state: 'held',
  };
  xhr.addEventListener('loadend', () => {
    exchange.doneAtMs = performance.now();
    exchange.status = xhr.status;
    exchange.response = xhr.status === 0 ? '' : xhr.responseText;
    exchange.state = xhr.status === 200 ? 'answered' : 'failed';
    changed(exchange);
  });
  changed(exchange);
}
