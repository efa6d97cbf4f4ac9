import { type ClientOptions, PAGE_CLIENT_OPTIONS } from '@boshd/engine/client';
import { millis, seconds } from '@boshd/engine/kit';

/** How a kind of client behaves on the wire. */
export interface Habit {
  readonly name: string;
  readonly options: Partial<ClientOptions>;
  /**
   * The page is reloaded: `idle`, when only a poll is open, and it goes on with the next rid and never repeats the one
   * that was open (Strophe); `anytime`, and it goes on with what the client told it to keep.
   */
  readonly reloads: 'never' | 'idle' | 'anytime';
  readonly pauses: boolean;
  /** The device says now and then that it was asleep, or has a network again. */
  readonly wakes?: boolean;
}

export const HABITS: readonly Habit[] = [
  {
    name: 'strophe',
    options: { ver: '1.6', wait: seconds(60), hold: 1, acks: false, connections: 2 },
    reloads: 'idle',
    pauses: false,
  },
  {
    name: 'stanza',
    options: { ver: '1.6', wait: seconds(30), hold: 2, acks: false, connections: 2, pollsFrom: 'restart' },
    reloads: 'never',
    pauses: false,
  },
  {
    name: 'pidgin',
    options: { ver: '1.10', wait: seconds(10), hold: 1, acks: false, connections: 1, pace: millis(250) },
    reloads: 'never',
    pauses: false,
  },
  {
    name: 'jbosh',
    options: { ver: '1.8', wait: seconds(60), hold: 1, acks: true, connections: 2 },
    reloads: 'never',
    pauses: true,
  },
  {
    name: 'gajim',
    options: { ver: '1.6', wait: seconds(60), hold: 1, acks: true, connections: 2, keys: 10 },
    reloads: 'never',
    pauses: false,
  },
  {
    name: 'jsjac',
    options: { ver: '1.10', wait: seconds(300), hold: 1, acks: false, connections: 2, keys: 16 },
    reloads: 'never',
    pauses: true,
  },
  {
    name: 'polling',
    options: { wait: seconds(0), hold: 0, acks: false, connections: 2 },
    reloads: 'never',
    pauses: false,
  },
  {
    name: 'wide',
    options: { wait: seconds(55), hold: 3, acks: true, connections: 4 },
    reloads: 'never',
    pauses: true,
  },
];

/** A page with `@boshd/client`: alone in its worlds, so that those of the other clients stay what they were. */
export const PAGE: Habit = {
  name: 'page',
  options: PAGE_CLIENT_OPTIONS,
  reloads: 'anytime',
  pauses: true,
  wakes: true,
};
