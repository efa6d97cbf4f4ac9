/**
 * Watches what the client sends, without touching it: the page's `fetch` and `WebSocket` are replaced by ones that tell what
 * happens.
 */

/**
 * One HTTP request of BOSH and what became of it, or one message of a WebSocket.
 *
 * @typedef {object} Exchange
 * @property {number} number counted from 1
 * @property {'http' | 'frame'} kind
 * @property {string} request the <body/> sent; of a WebSocket: '' for a message that came
 * @property {number} sentAtMs by performance.now()
 * @property {number | undefined} doneAtMs undefined while the service holds it
 * @property {number} status of HTTP; 0 while there is none
 * @property {string} response the <body/> that came back; of a WebSocket: '' for a message that was sent
 * @property {'held' | 'answered' | 'failed' | 'given-up'} state `given-up`: the client itself ended it
 */

/**
 * @param {{ readonly service: string, readonly webSocket: string }} paths other requests are not told
 * @param {(exchange: Exchange) => void} changed called when one is sent, and when it is over
 */
export function tapRequests({ service, webSocket }, changed) {
  let count = 0;
  /** @param {Pick<Exchange, 'kind' | 'request'> & Partial<Exchange>} facts */
  const begin = (facts) => {
    count += 1;
    /** @type {Exchange} */
    const exchange = {
      number: count,
      sentAtMs: performance.now(),
      doneAtMs: undefined,
      status: 0,
      response: '',
      state: 'held',
      ...facts,
    };
    changed(exchange);
    return exchange;
  };
  /** @param {Pick<Exchange, 'request' | 'response'>} message */
  const frame = (message) =>
    begin({ kind: 'frame', state: 'answered', doneAtMs: performance.now(), ...message });
  tapFetch(service, (request) => begin({ kind: 'http', request }), changed);
  tapWebSocket(webSocket, frame);
}

/**
 * @param {string} path
 * @param {(request: string) => Exchange} begin
 * @param {(exchange: Exchange) => void} changed
 */
function tapFetch(path, begin, changed) {
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const { body } = init ?? {};
    if (typeof body !== 'string' || !isAt(String(input), path)) return original(input, init);
    const exchange = begin(body);
    /** @param {Partial<Exchange>} facts */
    const end = (facts) => changed(Object.assign(exchange, { doneAtMs: performance.now() }, facts));
    try {
      const response = await original(input, init);
      const text = await response.clone().text();
      end({
        status: response.status,
        response: text,
        state: response.status === 200 ? 'answered' : 'failed',
      });
      return response;
    } catch (error) {
      end({ state: init?.signal?.aborted === true ? 'given-up' : 'failed' });
      throw error;
    }
  };
}

/**
 * @param {string} path
 * @param {(message: Pick<Exchange, 'request' | 'response'>) => void} told
 */
function tapWebSocket(path, told) {
  globalThis.WebSocket = class extends WebSocket {
    /**
     * @param {string | URL} url
     * @param {string | string[]} [protocols]
     */
    constructor(url, protocols) {
      super(url, protocols);
      if (!isAt(String(url), path)) return;
      this.addEventListener('message', ({ data }) => told({ request: '', response: String(data) }));
    }

    /**
     * @override
     * @param {string | BufferSource | Blob} data
     */
    send(data) {
      if (isAt(this.url, path)) told({ request: String(data), response: '' });
      super.send(data);
    }
  };
}

/**
 * @param {string} url
 * @param {string} path
 */
function isAt(url, path) {
  return new URL(url, location.href).pathname === path;
}
