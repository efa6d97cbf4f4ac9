import type { ClientOptions } from '@boshd/engine/client';
import { millis, seconds } from '@boshd/engine/kit';

/** How a kind of client behaves on the wire. */
export interface Habit {
  readonly name: string;
  readonly options: Partial<ClientOptions>;
  /** After a reload it goes on with the next rid and never repeats the one that was open (Strophe). */
  readonly reloads: boolean;
  readonly pauses: boolean;
}

export const HABITS: readonly Habit[] = [
  {
    name: 'strophe',
    options: { ver: '1.6', wait: seconds(60), hold: 1, acks: false, connections: 2 },
    reloads: true,
    pauses: false,
  },
  {
    name: 'stanza',
    options: { ver: '1.6', wait: seconds(30), hold: 2, acks: false, connections: 2, pollsFrom: 'restart' },
    reloads: false,
    pauses: false,
  },
  {
    name: 'pidgin',
    options: { ver: '1.10', wait: seconds(10), hold: 1, acks: false, connections: 1, pace: millis(250) },
    reloads: false,
    pauses: false,
  },
  {
    name: 'jbosh',
    options: { ver: '1.8', wait: seconds(60), hold: 1, acks: true, connections: 2 },
    reloads: false,
    pauses: true,
  },
  {
    name: 'gajim',
    options: { ver: '1.6', wait: seconds(60), hold: 1, acks: true, connections: 2, keys: 10 },
    reloads: false,
    pauses: false,
  },
  {
    name: 'jsjac',
    options: { ver: '1.10', wait: seconds(300), hold: 1, acks: false, connections: 2, keys: 16 },
    reloads: false,
    pauses: true,
  },
  {
    name: 'polling',
    options: { wait: seconds(0), hold: 0, acks: false, connections: 2 },
    reloads: false,
    pauses: false,
  },
  {
    name: 'wide',
    options: { wait: seconds(55), hold: 3, acks: true, connections: 4 },
    reloads: false,
    pauses: true,
  },
];
