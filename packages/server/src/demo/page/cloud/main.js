/** Composes the page of the cloud: members with their buttons, the chat, the counters. */

import { settings } from '../settings.js';
import { Talker } from './talker.js';
import { Tally } from './tally.js';

const LOOK_MS = 500;
const TICK_MS = 250;
const LINES_MAX = 50;

/** @typedef {{ id: string, region: string, state: string, sessions: number, sees: readonly string[] }} MemberView */
/** @typedef {{ carrier: string, isCut: boolean, regions: readonly string[], members: readonly MemberView[], owners: readonly string[] }} CloudView */

const ORDERS = [
  ['kill', 'Kill'],
  ['freeze', 'Freeze 5 s'],
  ['drain', 'Drain'],
  ['restart', 'Restart'],
];

const tally = new Tally();
let ended = 0;
/** @type {Map<string, string>} Ids of numbered messages by the id of their stanza. */
const stanzas = new Map();
let number = 0;

const you = talker('You', (text) => show('Echo', text));
const echo = talker('Echo', (text) => {
  if (you.jid !== undefined) say(echo, you.jid, `Echo: ${text}`);
});

element('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (element('text'));
  const text = field.value.trim();
  if (text === '' || echo.jid === undefined || say(you, echo.jid, text) === '') return;
  show('You', text);
  field.value = '';
});

element('cut').addEventListener('click', () => void order('cut'));

element('region').addEventListener('change', () => comeIn());

setInterval(() => {
  if (you.jid !== undefined && echo.jid !== undefined) {
    count(you, echo.jid);
    count(echo, you.jid);
  }
  const counts = { ...tally.counts(performance.now()), ended };
  for (const [name, value] of Object.entries(counts)) {
    const place = document.querySelector(`[data-count="${name}"]`);
    if (place !== null) place.textContent = String(value);
  }
}, TICK_MS);

let isIn = false;
for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

async function look() {
  const query = new URLSearchParams([
    ['tab', you.tab],
    ['tab', echo.tab],
  ]);
  try {
    const response = await fetch(`/cloud/state.json?${query}`);
    const view = /** @type {CloudView} */ (await response.json());
    showCloud(view);
    if (!isIn) offerRegions(view.regions);
  } catch {
    element('mesh').textContent = 'The demo does not answer: it was ended, or its page is old.';
  }
}

/** @param {readonly string[]} regions */
function offerRegions(regions) {
  isIn = true;
  element('region').replaceChildren(...regions.map((region) => new Option(region, region)));
  comeIn();
}

/** Echo is in the region after one's own. */
function comeIn() {
  const select = /** @type {HTMLSelectElement} */ (element('region'));
  const regions = [...select.options].map(({ value }) => value);
  you.comeIn(select.value);
  echo.comeIn(regions[(select.selectedIndex + 1) % regions.length] ?? select.value);
}

/**
 * @param {string} name
 * @param {(text: string) => void} heard what is not a numbered message
 */
function talker(name, heard) {
  return new Talker(settings, name, {
    state: (state) => {
      if (name !== 'You') return;
      element('state').textContent = state === 'online' ? 'Online' : state;
      element('state').dataset.state = state === 'online' ? 'online' : 'connecting';
    },
    ended: () => {
      ended += 1;
      show('', `The session of ${name === 'You' ? 'yours' : name} ended; it signs in again.`);
    },
    heard: (text) => {
      const id = /^number (\d+)$/.exec(text)?.[1];
      if (id === undefined) heard(text);
      else tally.hear(id);
    },
    returned: (stanza) => {
      const id = stanzas.get(stanza);
      if (id !== undefined) tally.giveBack(id);
    },
  });
}

/**
 * @param {Talker} from
 * @param {string} to
 * @param {string} text
 */
function say(from, to, text) {
  return from.say(to, text);
}

/**
 * @param {Talker} from
 * @param {string} to
 */
function count(from, to) {
  number += 1;
  const id = String(number);
  const stanza = say(from, to, `number ${id}`);
  if (stanza === '') return;
  stanzas.set(stanza, id);
  tally.say(id, performance.now());
}

/**
 * @param {string} who '' for what the page itself says
 * @param {string} text
 */
function show(who, text) {
  const line = document.createElement('li');
  line.dataset.who = who;
  line.textContent = text;
  const log = element('log');
  log.append(line);
  while (log.children.length > LINES_MAX) log.firstElementChild?.remove();
  line.scrollIntoView({ block: 'nearest' });
}

/** @param {CloudView} view */
function showCloud({ carrier, isCut, regions, members, owners }) {
  const cut = /** @type {HTMLButtonElement} */ (element('cut'));
  cut.disabled = carrier !== 'nats' || isCut;
  element('mesh').textContent =
    carrier === 'nats'
      ? `NATS carries the mesh between the members${isCut ? ': it is cut now' : ''}.`
      : 'Sockets carry the mesh between the members, as between workers of one boshd: without nats-server it cannot be cut here.';
  element('you').textContent = owners[0] || 'not signed in';
  element('echo').textContent = owners[1] || 'not signed in';
  for (const region of regions) {
    const box = regionBox(region);
    for (const member of members.filter((each) => each.region === region)) showMember(box, member, owners);
  }
}

/** @param {string} region */
function regionBox(region) {
  const id = `region-${region}`;
  const old = document.getElementById(id);
  if (old !== null) return old;
  const box = document.createElement('div');
  box.id = id;
  box.className = 'region';
  const title = document.createElement('h2');
  title.textContent = region;
  box.append(title);
  element('regions').append(box);
  return box;
}

/**
 * The buttons stay the same elements, so that a click in between is not lost.
 *
 * @param {HTMLElement} box
 * @param {MemberView} member
 * @param {readonly string[]} owners
 */
function showMember(box, { id, state, sessions, sees }, owners) {
  const card = document.getElementById(`member-${id}`) ?? newCard(box, id);
  card.dataset.state = state;
  // A member that died is listed for a while beside the process that took its place.
  const troubled = [...new Set(sees)].filter((each) => !each.endsWith(' is live'));
  const here = [...(owners[0] === id ? ['you'] : []), ...(owners[1] === id ? ['Echo'] : [])];
  part(card, 'badge').textContent = state;
  part(card, 'sessions').textContent = `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
  part(card, 'here').textContent =
    here.length === 0
      ? ''
      : `${here.join(' and ')} ${here.length > 1 || here[0] === 'you' ? 'are' : 'is'} here`;
  part(card, 'sees').textContent = troubled.length === 0 ? '' : `says: ${troubled.join(', ')}`;
  const isDead = state === 'dead';
  for (const button of card.querySelectorAll('button')) {
    button.disabled = isDead
      ? button.dataset.order !== 'restart'
      : state === 'frozen' || state === 'starting';
  }
}

/**
 * @param {HTMLElement} box
 * @param {string} id
 */
function newCard(box, id) {
  const card = document.createElement('article');
  card.id = `member-${id}`;
  card.className = 'card';
  const title = document.createElement('h3');
  title.textContent = id;
  card.append(title);
  for (const name of ['badge', 'sessions', 'here', 'sees']) {
    const text = document.createElement('p');
    text.className = name;
    card.append(text);
  }
  const buttons = document.createElement('div');
  buttons.className = 'buttons';
  for (const [name = '', label = ''] of ORDERS) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.order = name;
    button.textContent = label;
    button.setAttribute('aria-label', `${label} ${id}`);
    button.addEventListener('click', () => void order(name, id));
    buttons.append(button);
  }
  card.append(buttons);
  box.append(card);
  return card;
}

/**
 * @param {string} name
 * @param {string} [member]
 */
async function order(name, member = '') {
  await fetch(`/cloud/${name}?member=${member}`, { method: 'POST' });
}

/**
 * @param {HTMLElement} card
 * @param {string} name
 */
function part(card, name) {
  return /** @type {HTMLElement} */ (card.querySelector(`.${name}`));
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id}`);
  return found;
}
