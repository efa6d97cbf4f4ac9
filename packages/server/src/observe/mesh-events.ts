import { unreachable } from '@boshd/engine/kit';
import type { LogEvent } from '@boshd/engine/manager';
import type { GoneWhy, MeshEvent } from '@boshd/engine/mesh';
import type { CounterTable } from './counters.ts';
import type { LogLevel } from './logger.ts';

const MESH_EVENTS: ReadonlySet<string> = new Set<MeshEvent['event']>([
  'member-joined',
  'member-suspected',
  'member-back',
  'member-gone',
  'member-continued',
  'member-id-twice',
  'member-stalled',
  'session-placed',
  'mesh-message-refused',
  'mesh-link',
  'mesh-note',
]);

export function isMeshEvent(event: LogEvent | MeshEvent): event is MeshEvent {
  return MESH_EVENTS.has(event.event);
}

const GONE: Readonly<Record<GoneWhy, string>> = {
  closed: 'its process ended',
  'no-responders': 'nobody takes its messages any more',
  'newer-incarnation': 'it was started again',
  left: 'it was stopped',
  lease: 'it was silent for longer than its lease',
};

/** The level and the sentence of a line about the cloud. */
export function meshLine(event: MeshEvent): readonly [LogLevel, string] {
  switch (event.event) {
    case 'member-joined':
      return ['info', 'a member of the cluster is there'];
    case 'member-suspected':
      return ['warn', 'a member of the cluster is silent: requests for its sessions wait'];
    case 'member-back':
      return ['info', 'a member of the cluster is back'];
    case 'member-gone':
      return ['warn', `a member of the cluster is gone: ${GONE[event.why]}; its sessions are over`];
    case 'member-continued':
      return ['info', 'another process continues the sessions of a member of the cluster'];
    case 'member-id-twice':
      return ['error', 'two members of the cluster have the same cluster.id'];
    case 'member-stalled':
      return [
        'warn',
        'this process stood still for a while; it asks the others what they told of its sessions',
      ];
    case 'session-placed':
      return ['info', 'a new session goes to another member'];
    case 'mesh-message-refused':
      return ['warn', 'a message of the mesh can not be read: do all members run the same version?'];
    case 'mesh-link':
      return event.isUp
        ? ['info', 'the mesh between the members is there']
        : ['warn', 'the mesh between the members is away: every member serves its own sessions only'];
    case 'mesh-note':
      return ['warn', 'NATS has trouble'];
    default:
      return unreachable(event);
  }
}

export function countMesh(counters: CounterTable, event: MeshEvent): void {
  if (event.event === 'member-gone') counters.add('membersGone', [event.why]);
  else if (event.event === 'member-suspected') counters.add('membersSuspected', []);
  else if (event.event === 'session-placed') counters.add('sessionsPlaced', [event.member]);
  else if (event.event === 'mesh-message-refused') counters.add('meshMessagesRefused', []);
}
