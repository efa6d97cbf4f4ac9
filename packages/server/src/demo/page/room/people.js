/** Who is there: what is known of each person, and the list that shows it. */

/**
 * @typedef {object} Person
 * @property {string} jid
 * @property {string} name
 * @property {Map<string, string>} resources those online, each with its status in words
 * @property {boolean} listed in the roster
 * @property {boolean} typing
 * @property {number} unread
 *
 * @typedef {Omit<Person, 'resources'> & { readonly resources: [string, string][] }} KeptPerson as it is kept for a reload
 */

/** Rows shown; a roster may be longer, a list for people may not. */
const ROWS_MAX = 300;
/** Colours of the stylesheet to tell people apart by. */
const TONES = 6;

export class People {
  /** @type {Map<string, Person>} */
  #byJid = new Map();

  /**
   * @param {string} jid
   * @returns {Person}
   */
  get(jid) {
    const known = this.#byJid.get(jid);
    if (known !== undefined) return known;
    /** @type {Person} */
    const person = {
      jid,
      name: nameFromJid(jid),
      resources: new Map(),
      listed: false,
      typing: false,
      unread: 0,
    };
    this.#byJid.set(jid, person);
    return person;
  }

  clear() {
    this.#byJid.clear();
  }

  /** Of a new session nobody has heard who is there. */
  forgetPresence() {
    for (const person of this.#byJid.values()) {
      person.resources.clear();
      person.typing = false;
    }
  }

  /** @returns {KeptPerson[]} */
  get memory() {
    return [...this.#byJid.values()].map((person) => ({
      ...person,
      resources: [...person.resources],
      typing: false,
    }));
  }

  /** @param {readonly KeptPerson[]} memory */
  recall(memory) {
    for (const person of memory)
      this.#byJid.set(person.jid, { ...person, resources: new Map(person.resources) });
  }

  get unread() {
    return [...this.#byJid.values()].reduce((sum, person) => sum + person.unread, 0);
  }

  /** Who is online first, by name; of the others those of the roster, and those with something unread. */
  sorted() {
    return [...this.#byJid.values()]
      .filter((person) => isOnline(person) || person.listed || person.unread > 0)
      .sort((a, b) => Number(isOnline(b)) - Number(isOnline(a)) || a.name.localeCompare(b.name))
      .slice(0, ROWS_MAX);
  }
}

/** @param {Person} person */
export function isOnline(person) {
  return person.resources.size > 0;
}

/**
 * What stands under a name.
 *
 * @param {Person} person
 */
export function statusInWords(person) {
  if (person.typing) return 'is typing…';
  if (!isOnline(person)) return 'not here';
  const [words = ''] = person.resources.values();
  return words === '' ? 'here' : words;
}

export class PeopleList {
  /** @type {HTMLElement} */
  #list;
  /** @type {(person: Person) => void} */
  #chosen;
  /** @type {Map<string, HTMLLIElement>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} list
   * @param {(person: Person) => void} chosen
   */
  constructor(list, chosen) {
    this.#list = list;
    this.#chosen = chosen;
    list.addEventListener('keydown', (event) => moveByArrows(list, event));
  }

  /**
   * Shows the people in this order. Rows are kept, so that focus stays where it is.
   *
   * @param {readonly Person[]} people
   * @param {Person | undefined} current
   */
  show(people, current) {
    const wanted = new Set(people.map((person) => person.jid));
    for (const [jid, row] of this.#rows) {
      if (wanted.has(jid)) continue;
      row.remove();
      this.#rows.delete(jid);
    }
    people.forEach((person, index) => {
      const row = this.#rows.get(person.jid) ?? this.#makeRow(person);
      fillRow(row, person, person === current);
      if (this.#list.children[index] !== row)
        this.#list.insertBefore(row, this.#list.children[index] ?? null);
    });
  }

  /** @param {Person} person */
  focus(person) {
    this.#rows.get(person.jid)?.querySelector('button')?.focus();
  }

  /** @param {Person} person */
  #makeRow(person) {
    const row = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'person';
    button.append(avatarOf(person), span('who'), span('unread'));
    button.addEventListener('click', () => this.#chosen(person));
    row.append(button);
    this.#rows.set(person.jid, row);
    return row;
  }
}

/**
 * A round initial in one of the stylesheet's tones, which follows from the address.
 *
 * @param {Person} person
 */
export function avatarOf(person) {
  const avatar = span('avatar');
  const hash = [...person.jid].reduce(
    (total, character) => (total * 31 + (character.codePointAt(0) ?? 0)) % 65_521,
    7,
  );
  avatar.dataset.tone = String(hash % TONES);
  avatar.setAttribute('aria-hidden', 'true');
  setInitial(avatar, person);
  return avatar;
}

/**
 * @param {HTMLLIElement} row
 * @param {Person} person
 * @param {boolean} isCurrent
 */
function fillRow(row, person, isCurrent) {
  const button = row.querySelector('button');
  const [avatar, who, unread] = button?.children ?? [];
  if (button === null || avatar === undefined || who === undefined || unread === undefined) return;
  setInitial(avatar, person);
  const status = statusInWords(person);
  who.replaceChildren(span('name', person.name), span('status', status));
  if (person.unread > 0) unread.replaceChildren(String(person.unread), span('quiet', ' unread'));
  else unread.replaceChildren();
  button.dataset.online = String(isOnline(person));
  button.title = person.jid;
  if (isCurrent) button.setAttribute('aria-current', 'true');
  else button.removeAttribute('aria-current');
}

/**
 * @param {Element} avatar
 * @param {Person} person
 */
function setInitial(avatar, person) {
  avatar.textContent = ([...person.name][0] ?? '?').toLocaleUpperCase();
}

/**
 * @param {HTMLElement} list
 * @param {KeyboardEvent} event
 */
function moveByArrows(list, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...list.querySelectorAll('button')];
  const at = buttons.findIndex((button) => button.matches(':focus'));
  if (step === undefined || at < 0) return;
  buttons[at + step]?.focus();
  event.preventDefault();
}

/** @param {string} jid */
function nameFromJid(jid) {
  const [bare = jid, resource] = jid.split('/');
  const local = bare.split('@')[0] ?? bare;
  return resource === undefined ? local : `${local} (another tab)`;
}

/**
 * @param {string} className
 * @param {string} [text]
 */
function span(className, text = '') {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}
