/**
 * What the next page of this tab needs to go on after a reload: who was here, and what was said. The session itself is kept
 * by @boshd/client.
 *
 * @import { RoomMemory } from '../room/room.js'
 * @import { Carrier } from './carrier.js'
 *
 * @typedef {object} Me
 * @property {'guest' | 'account'} kind
 * @property {string} name a nickname, or an address
 * @property {Carrier} carrier
 */

const ME_KEY = 'boshd-demo-me';
const ROOM_KEY = 'boshd-demo-room';
const NICKNAME_KEY = 'boshd-demo-nickname';

/** @returns {Me | undefined} */
export function keptMe() {
  return read(ME_KEY);
}

/** @param {Me | undefined} me undefined: nobody goes on */
export function keepMe(me) {
  if (me === undefined) sessionStorage.removeItem(ROOM_KEY);
  write(ME_KEY, me);
  if (me?.kind === 'guest') write(NICKNAME_KEY, me.name);
}

/** @returns {string} the last one of this tab */
export function keptNickname() {
  return read(NICKNAME_KEY) ?? '';
}

/** @returns {RoomMemory | undefined} */
export function keptRoom() {
  return read(ROOM_KEY);
}

/** @param {RoomMemory} room */
export function keepRoom(room) {
  write(ROOM_KEY, room);
}

/** @param {string} key */
function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 */
function write(key, value) {
  try {
    if (value === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // More than a browser keeps for a page: then it is forgotten.
    sessionStorage.removeItem(key);
  }
}
