import { duration, group } from '../kinds/kinds.ts';

export const shutdownKeys = {
  shutdown: group(
    {
      drain: duration({
        purpose:
          'How long, before the deadline begins, sessions may leave by themselves: no new ones are taken, and /readyz says so.',
        reason:
          'Alone it makes a stop longer for nothing; in a cluster new sessions go to other members meanwhile.',
        bareUnit: 's',
        min: '0s',
        max: '86400s',
        preset: '0s',
      }),
      deadline: duration({
        purpose: 'How long a stop may take: sessions are ended and streams closed properly in this time.',
        precedent: 'Docker kills after 10 s, Kubernetes after 30 s, systemd after 90 s.',
        bareUnit: 's',
        min: '0s',
        max: '600s',
        preset: '8s',
      }),
    },
    { purpose: 'What happens on SIGTERM and SIGINT.' },
  ),
};
