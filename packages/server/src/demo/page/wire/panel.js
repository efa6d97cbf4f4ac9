/**
 * The panel that shows what happens on the wire: one entry an HTTP request, the newest on top, with a bar as long as
 * the service held it; or one a message of a WebSocket.
 *
 * @import { Exchange } from './tap.js'
 * @import { Line } from './pretty-xml.js'
 */

import { payloadNames, prettyXml, rootAttribute, rootName } from './pretty-xml.js';

/** Entries kept: enough for a log-in and a long chat, little enough for any phone. */
const ENTRIES_MAX = 200;
/** A hold of this length fills its bar: what boshd waits by default. */
const FULL_BAR_MS = 55_000;
const TICK_MS = 500;

const encoder = new TextEncoder();

export class WirePanel {
  /** @type {HTMLOListElement} */
  #list;
  /** @type {HTMLElement} */
  #counter;
  /** @type {Map<Exchange, HTMLLIElement>} */
  #entries = new Map();
  #count = 0;

  /**
   * @param {HTMLOListElement} list
   * @param {HTMLElement} counter
   */
  constructor(list, counter) {
    this.#list = list;
    this.#counter = counter;
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @param {Exchange} exchange */
  show(exchange) {
    const known = this.#entries.get(exchange);
    if (known === undefined) this.#add(exchange);
    else fill(known, exchange);
  }

  clear() {
    this.#list.replaceChildren();
    this.#entries.clear();
  }

  /** @param {Exchange} exchange */
  #add(exchange) {
    const entry = document.createElement('li');
    entry.className = 'exchange';
    this.#entries.set(exchange, entry);
    fill(entry, exchange);
    this.#list.prepend(entry);
    this.#count += 1;
    this.#counter.textContent = String(this.#count);
    for (const [oldest, element] of this.#entries) {
      if (this.#entries.size <= ENTRIES_MAX) break;
      this.#entries.delete(oldest);
      element.remove();
    }
  }

  /** Lets the bars of held requests grow, where anybody can see them. */
  #tick() {
    if (document.hidden || this.#list.offsetParent === null) return;
    for (const [exchange, entry] of this.#entries) {
      if (exchange.state === 'held') showTime(entry, exchange);
    }
  }
}

/**
 * @param {HTMLLIElement} entry
 * @param {Exchange} exchange
 */
function fill(entry, exchange) {
  const wasOpen = entry.querySelector('details')?.open ?? false;
  entry.dataset.state = exchange.state;
  const details = make('details');
  details.open = wasOpen;
  details.append(exchange.kind === 'frame' ? summaryOfFrame(exchange) : summaryOfRequest(exchange));
  // Laid out only when it is looked at.
  const showXml = () => {
    if (details.open && details.childElementCount === 1) {
      details.append(...xmlBlocks(exchange));
    }
  };
  details.addEventListener('toggle', showXml);
  entry.replaceChildren(details);
  showXml();
  showTime(entry, exchange);
}

/** @param {Exchange} exchange */
function summaryOfRequest({ request, ...exchange }) {
  const summary = make('summary');
  summary.append(
    make('span', 'rid', `rid ${rootAttribute(request, 'rid') ?? ''}`),
    direction('up', 'Sent', describeRequest(request)),
    direction('down', 'Received', describeResponse(exchange)),
    make('span', 'time'),
    make('span', 'bar'),
  );
  return summary;
}

/** @param {Exchange} exchange */
function summaryOfFrame({ number, request, response }) {
  const summary = make('summary', 'frame');
  const [way, label, xml] = request === '' ? ['down', 'Received', response] : ['up', 'Sent', request];
  summary.append(make('span', 'rid', `message ${number}`), direction(way, label, rootName(xml)));
  return summary;
}

/** @param {Exchange} exchange */
function xmlBlocks({ kind, request, response }) {
  if (kind === 'http') return [xmlBlock('Request', request), xmlBlock('Response', response)];
  return [xmlBlock('Message', request === '' ? response : request)];
}

/**
 * @param {HTMLLIElement} entry
 * @param {Exchange} exchange
 */
function showTime(entry, exchange) {
  const ms = (exchange.doneAtMs ?? performance.now()) - exchange.sentAtMs;
  const time = entry.querySelector('.time');
  const bar = entry.querySelector('.bar');
  if (time !== null) time.textContent = exchange.state === 'held' ? `held ${seconds(ms)}` : seconds(ms);
  // Square root: a poll of a minute fits, and an answer within milliseconds can still be seen.
  const share = Math.min(1, Math.sqrt(ms / FULL_BAR_MS));
  if (bar instanceof HTMLElement) bar.style.setProperty('--share', share.toFixed(3));
}

/** @param {number} ms */
function seconds(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** @param {string} xml */
function describeRequest(xml) {
  const names = payloadNames(xml);
  if (rootAttribute(xml, 'sid') === undefined) return 'new session';
  if (rootAttribute(xml, 'xmpp:restart') === 'true') return 'restart the stream';
  if (rootAttribute(xml, 'type') === 'terminate') return 'end the session';
  if (rootAttribute(xml, 'pause') !== undefined) return 'pause';
  return names.length === 0 ? 'empty poll' : counted(names);
}

/** @param {Omit<Exchange, 'request'>} exchange */
function describeResponse(exchange) {
  if (exchange.state === 'held') return 'waiting';
  if (exchange.state === 'given-up') return 'given up by the page';
  if (exchange.state === 'failed') return exchange.status === 0 ? 'no answer' : `HTTP ${exchange.status}`;
  const condition = rootAttribute(exchange.response, 'condition');
  if (condition !== undefined) return condition;
  if (rootAttribute(exchange.response, 'type') === 'terminate') return 'session ended';
  const names = payloadNames(exchange.response);
  return names.length === 0 ? 'nothing new' : counted(names);
}

/**
 * `message, presence × 3`
 *
 * @param {readonly string[]} names
 */
function counted(names) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`)).join(', ');
}

/**
 * @param {string} way
 * @param {string} label
 * @param {string} text
 */
function direction(way, label, text) {
  const line = make('span', `way ${way}`);
  line.append(make('span', 'quiet', `${label}: `), text);
  return line;
}

/**
 * @param {string} title
 * @param {string} xml
 */
function xmlBlock(title, xml) {
  const block = make('div', 'xml');
  const bytes = encoder.encode(xml).length;
  block.append(make('h3', '', `${title} · ${bytes.toLocaleString('en')} bytes`));
  if (xml !== '') {
    const pre = make('pre');
    pre.tabIndex = 0;
    pre.setAttribute('aria-label', `${title} as XML`);
    pre.append(...prettyXml(xml).map(xmlLine));
    block.append(pre);
  }
  return block;
}

/** @param {Line} line */
function xmlLine(line) {
  const element = make('code');
  element.style.setProperty('--depth', String(line.depth));
  element.append(...line.parts.map((part) => make('span', `xml-${part.kind}`, part.text)), '\n');
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Name]}
 */
function make(name, className = '', text = '') {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.textContent = text;
  return element;
}
