/** Composes the page: forms, people, conversation and wire around one session at a time. */

import { ClientError } from './client.js';
import { Room } from './room/room.js';
import { takeCarrier } from './session/carrier.js';
import { keepMe, keepRoom, keptMe, keptNickname, keptRoom } from './session/kept.js';
import { domainOf, Session } from './session/session.js';
import { settings } from './settings.js';
import { WirePanel } from './wire/panel.js';
import { tapRequests } from './wire/tap.js';
import { WorkerPanel } from './wire/worker.js';
import { failureInWords, troubleInWords, withoutForbidden } from './words.js';

/** @import { Me } from './session/kept.js' */

/** Where the wire stands beside the conversation (as in wire.css). */
const WIDE = matchMedia('(min-width: 70rem)');
/** A tab that was closed is gone after this; a page that is reloaded is back by then. */
const KEEP_SECONDS = 5;

const webSocket = new URL(settings.webSocket, location.href);
webSocket.protocol = webSocket.protocol.replace('http', 'ws');

const panel = new WirePanel(element('wire-list', HTMLOListElement), element('wire-count', HTMLElement));
const worker = new WorkerPanel(
  {
    box: element('worker', HTMLElement),
    kill: element('worker-kill', HTMLButtonElement),
    name: element('worker-name', HTMLElement),
    story: element('worker-story', HTMLOListElement),
  },
  settings,
);
/** @type {Session | undefined} */
let session;
/** @type {Me | undefined} */
let me;

tapRequests({ service: settings.service, webSocket: webSocket.pathname }, (exchange) => {
  panel.show(exchange);
  worker.see(exchange);
});

const room = new Room(
  {
    list: element('people-list', HTMLElement),
    title: element('people-title', HTMLElement),
    nobody: element('nobody', HTMLElement),
    conversation: element('conversation', HTMLElement),
    partnerName: element('partner-name', HTMLElement),
    partnerStatus: element('partner-status', HTMLElement),
    partnerAvatar: element('partner-avatar', HTMLElement),
    log: element('log', HTMLElement),
    empty: element('empty', HTMLElement),
    composer: element('composer', HTMLFormElement),
    text: element('text', HTMLTextAreaElement),
    news: element('news', HTMLElement),
  },
  () => session,
);

/**
 * @param {Pick<Me, 'kind' | 'name'>} who
 * @param {string | undefined} password
 */
async function begin(who, password) {
  showFailure(undefined);
  setBusy(true);
  showState('connecting', 'Connecting…');
  const before = keptMe();
  const carrier = await takeCarrier(before?.carrier);
  const own = { ...who, carrier };
  const started = new Session(
    {
      service: settings.service,
      keepSeconds: KEEP_SECONDS,
      ...(carrier === 'websocket' ? { webSocket: webSocket.href } : {}),
    },
    {
      ...room.listener,
      connecting: () => undefined,
      online: (isNew) => goOnline(own, isNew),
      interrupted: (reason) => showTrouble(troubleInWords(reason)),
      ended: (reason) => end(reason, who.kind === 'guest' ? settings.domain : domainOf(who.name)),
    },
  );
  session = started;
  try {
    if (who.kind === 'guest') started.comeIn(settings.domain, who.name);
    else started.signIn(who.name, password);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    end(error, '');
  }
}

/**
 * @param {Me} own
 * @param {boolean} isNew
 */
function goOnline(own, isNew) {
  const isFirst = me === undefined;
  me = own;
  keepMe(me);
  if (isFirst) enterRoom();
  room.online(isNew);
  element('connect-now', HTMLElement).hidden = true;
  showState('online', `Online as ${own.name}`);
}

/** @param {string} words */
function showTrouble(words) {
  element('connect-now', HTMLElement).hidden = false;
  // Said once, not with every try.
  if (element('state', HTMLElement).textContent !== words) showState('connecting', words);
}

/**
 * @param {ClientError | undefined} reason
 * @param {string} domain
 */
function end(reason, domain) {
  const during = me === undefined ? 'log-in' : 'session';
  session = undefined;
  me = undefined;
  keepMe(undefined);
  leaveRoom();
  if (reason === undefined) return;
  const { code, status } = reason;
  showFailure(failureInWords({ code, status, during, domain }));
}

/** The page before a reload left its people and what was said: shown at once, and the session goes on behind it. */
function goOn() {
  const kept = keptMe();
  if (kept === undefined) return;
  const memory = keptRoom();
  me = kept;
  enterRoom();
  if (memory !== undefined) room.recall(memory);
  void begin(kept, undefined);
}

function enterRoom() {
  document.body.dataset.view = 'room';
  element('welcome', HTMLElement).hidden = true;
  element('room', HTMLElement).hidden = false;
  element('sign-out', HTMLElement).hidden = false;
  if (WIDE.matches) showWire(true);
  room.enter();
}

function leaveRoom() {
  setBusy(false);
  showState('off', 'Not signed in');
  element('connect-now', HTMLElement).hidden = true;
  document.body.dataset.view = 'welcome';
  element('room', HTMLElement).hidden = true;
  element('welcome', HTMLElement).hidden = false;
  element('sign-out', HTMLElement).hidden = true;
  element('password', HTMLInputElement).value = '';
  room.leave();
  element('nickname', HTMLElement).focus();
}

/** @param {import('./words.js').Words | undefined} words */
function showFailure(words) {
  const box = element('failure', HTMLElement);
  box.hidden = words === undefined;
  element('failure-title', HTMLElement).textContent = words?.title ?? '';
  element('failure-advice', HTMLElement).textContent = words?.advice ?? '';
  if (words !== undefined) box.focus();
}

/**
 * @param {string} state
 * @param {string} text
 */
function showState(state, text) {
  const line = element('state', HTMLElement);
  line.dataset.state = state;
  line.textContent = text;
}

/** @param {boolean} busy */
function setBusy(busy) {
  for (const button of document.querySelectorAll('.entrance button')) {
    if (button instanceof HTMLButtonElement) button.disabled = busy;
  }
}

/** @param {boolean} open */
function showWire(open) {
  document.body.dataset.wire = open ? 'open' : 'closed';
  element('wire-toggle', HTMLElement).setAttribute('aria-expanded', String(open));
}

/**
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function element(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} #${id}`);
}

const nickname = element('nickname', HTMLInputElement);
nickname.value = keptNickname();
nickname.focus();
nickname.select();
element('guest-domain', HTMLElement).textContent = settings.domain;

element('guest-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const name = withoutForbidden(nickname.value).trim();
  // A person sees what was left out.
  nickname.value = name;
  if (name !== '') void begin({ kind: 'guest', name }, undefined);
});

element('account-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const name = withoutForbidden(element('jid', HTMLInputElement).value).trim();
  void begin({ kind: 'account', name }, element('password', HTMLInputElement).value);
});

element('address-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const address = element('address', HTMLInputElement);
  room.openAddress(withoutForbidden(address.value).trim().toLowerCase());
  address.value = '';
});

element('back', HTMLElement).addEventListener('click', () => room.backToPeople());
element('sign-out', HTMLElement).addEventListener('click', () => session?.signOut());
element('connect-now', HTMLElement).addEventListener('click', () => session?.retry());
element('wire-toggle', HTMLElement).addEventListener('click', () =>
  showWire(document.body.dataset.wire !== 'open'),
);
element('wire-close', HTMLElement).addEventListener('click', () => {
  showWire(false);
  element('wire-toggle', HTMLElement).focus();
});
element('wire-clear', HTMLElement).addEventListener('click', () => panel.clear());

addEventListener('pagehide', () => {
  if (me !== undefined) keepRoom(room.memory);
});

goOn();
