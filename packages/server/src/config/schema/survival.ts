import { choice, duration, group, size } from './kinds/kinds.ts';

/** Whether sessions outlive the process that serves them. */
export const survivalKeys = {
  survival: group(
    {
      anchor: choice(['none', 'parent'], {
        preset: 'none',
        purpose:
          'parent: the process that is started owns the listening sockets, the links to XMPP servers and a record of each session, and starts a worker that serves clients; when the worker dies or is replaced, another goes on with its sessions. none: one process, and its sessions end with it.',
        reason: 'parent is new.',
      }),
      frozen: duration({
        purpose:
          'With survival.anchor parent: a worker that does not answer for so long is killed, and another goes on with its sessions.',
        reason: 'Longer than any pause of the garbage collector.',
        bareUnit: 's',
        min: '1s',
        max: '600s',
        preset: '15s',
      }),
      grace: duration({
        purpose:
          'Of a member of a cluster with survival.anchor parent: when its process is known to be dead, how long the other members have requests for its sessions wait, until another process continues them; then the sessions are over.',
        reason: 'Some starts of a process.',
        bareUnit: 's',
        min: '1s',
        max: '600s',
        preset: '10s',
      }),
      memoryBytesMax: size({
        purpose:
          'With survival.anchor parent: what is held of all sessions and of what their servers sent. When 9 of 10 parts are full, no session begins (HTTP 503); when all is full, nothing is read from XMPP servers.',
        reason: 'An idle session takes about 2 KiB of it.',
        min: '1MiB',
        max: '64GiB',
        preset: '512MiB',
      }),
    },
    { purpose: 'What happens to sessions when the process that serves them dies or is replaced.' },
  ),
};
