import { flag, group, list } from './kinds/kinds.ts';
import { parseListenAt } from './listen.ts';

/** What concerns the operator's own listener. */
export const adminKeys = {
  admin: group(
    {
      listen: list(parseListenAt, {
        max: 4,
        of: 'addresses: unix:/run/boshd/admin.sock, or 127.0.0.1:5279',
        preset: [],
        purpose:
          'Where the status page, /status.json and /metrics are, and where "boshd status" and "boshd drain" ask. Empty: nowhere.',
        reason:
          'Whoever reaches it can have all sessions of the process ended, so it is only where it is asked for.',
      }),
      insecureRemote: flag({
        preset: false,
        purpose:
          'Lets admin.listen name addresses that other machines reach, for a Prometheus elsewhere: status and counters are shown to all who come. Orders are taken on loopback addresses and Unix sockets all the same.',
      }),
    },
    { purpose: 'The listener for the operator.' },
  ),
};
