/** Composes the page: forms, people, conversation and wire around one session at a time. */

import { Room } from './room/room.js';
import { Session } from './session.js';
import { settings } from './settings.js';
import { farewell, remember } from './wire/farewell.js';
import { WirePanel } from './wire/panel.js';
import { rootAttribute } from './wire/pretty-xml.js';
import { tapRequests } from './wire/tap.js';
import { failureInWords, withoutForbidden } from './words.js';

/** Where the wire stands beside the conversation (as in wire.css). */
const WIDE = matchMedia('(min-width: 70rem)');
const NICKNAME_KEY = 'boshd-demo-nickname';

/** @type {Readonly<Record<string, string>>} */
const PROGRESS = { connecting: 'Connecting…', 'signing-in': 'Signing in…' };

const panel = new WirePanel(element('wire-list', HTMLOListElement), element('wire-count', HTMLElement));
/** @type {Session | undefined} */
let session;
let lastStatus = 0;
/** What the state line says while all is well; '' while not online. */
let onlineText = '';

tapRequests(settings.service, (exchange) => {
  if (exchange.state === 'held') {
    remember(rootAttribute(exchange.request, 'sid'), Number(rootAttribute(exchange.request, 'rid')));
  } else {
    lastStatus = exchange.status;
    showLine(exchange.state === 'answered');
  }
  panel.show(exchange);
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
 * @param {string} name whom the state line names
 * @param {(session: Session) => void} connect
 */
function begin(name, connect) {
  showFailure(undefined);
  setBusy(true);
  lastStatus = 0;
  session = new Session(settings.service, {
    ...room.listener,
    progress: (state) => {
      onlineText = state === 'online' ? `Online as ${name}` : '';
      showState(state, PROGRESS[state] ?? onlineText);
      if (state === 'online') enterRoom();
    },
    ended: (condition, domain, wasOnline) => {
      session = undefined;
      onlineText = '';
      leaveRoom();
      if (condition === '') return;
      const during = wasOnline ? 'session' : 'log-in';
      showFailure(failureInWords({ condition, during, httpStatus: lastStatus, domain }));
    },
  });
  connect(session);
}

/**
 * Says when a request of a session got no answer: Strophe tries it again, and nothing is lost by that.
 *
 * @param {boolean} answers
 */
function showLine(answers) {
  if (onlineText === '') return;
  const text = answers ? onlineText : 'No answer, trying again…';
  // Said once, not with every answer.
  if (element('state', HTMLElement).textContent !== text) showState(answers ? 'online' : 'connecting', text);
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
nickname.value = sessionStorage.getItem(NICKNAME_KEY) ?? '';
nickname.focus();
nickname.select();
element('guest-domain', HTMLElement).textContent = settings.domain;

element('guest-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const name = withoutForbidden(nickname.value).trim();
  // A person sees what was left out.
  nickname.value = name;
  if (name === '') return;
  sessionStorage.setItem(NICKNAME_KEY, name);
  begin(name, (started) => started.comeIn(settings.domain, name));
});

element('account-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const jid = withoutForbidden(element('jid', HTMLInputElement).value).trim();
  const password = element('password', HTMLInputElement).value;
  begin(jid, (started) => started.signIn(jid, password));
});

element('address-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const address = element('address', HTMLInputElement);
  room.openAddress(withoutForbidden(address.value).trim().toLowerCase());
  address.value = '';
});

element('back', HTMLElement).addEventListener('click', () => room.backToPeople());
element('sign-out', HTMLElement).addEventListener('click', () => session?.signOut());
element('wire-toggle', HTMLElement).addEventListener('click', () =>
  showWire(document.body.dataset.wire !== 'open'),
);
element('wire-close', HTMLElement).addEventListener('click', () => {
  showWire(false);
  element('wire-toggle', HTMLElement).focus();
});
element('wire-clear', HTMLElement).addEventListener('click', () => panel.clear());

// A tab that goes says so, or its owner would stay visible till the session times out.
addEventListener('pagehide', () => {
  if (session !== undefined) farewell(settings.service);
});
addEventListener('pageshow', (event) => {
  if (event.persisted && session !== undefined) location.reload();
});
