import { fault, ok, type Result } from '@boshd/engine/kit';
import { DEFAULT_MESH_LIMITS } from '@boshd/engine/mesh';
import { z } from 'zod';
import { choiceOrCount, count, duration, flag, group, key, list, optionalKey, size } from '../kinds/kinds.ts';
import { membersKey } from './members.ts';

/** Also a token of a NATS subject, and a cookie's name or value. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
const NAME_FORM = 'a name of letters, digits, - and _';

/** Also a part of variables in the configurations of proxies, where - would be minus. */
const COOKIE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** `nats://127.0.0.1:4222`, `tls://nats.example.net`; the result is the same text. */
function parseNatsServer(input: string): Result<string, string> {
  const url = /^(?:nats|tls):\/\/[^/?#@\s]+$/.test(input) && URL.canParse(input) ? new URL(input) : undefined;
  if (url === undefined) return fault('is not the URL of a NATS server, without a user or a path');
  return ok(input);
}

function file(form: string, purpose: string) {
  return optionalKey(z.string().min(1), { kind: 'file', form, purpose });
}

const PEM = 'the path of a PEM file';
const SECRET = 'the path of a file whose first line it is';

/** Several processes that are one service: on one machine, or on several. */
export const clusterKeys = {
  workers: choiceOrCount(['auto'], {
    min: 1,
    max: 64,
    preset: 1,
    of: 'processes',
    purpose:
      'Processes of this machine that share the listening addresses and are one service; any of them serves any request. auto: as many as there are processors. Limits of sessions, connections and rates hold for each of them.',
    reason: 'One process uses one processor, and most services never fill it.',
  }),
  cluster: group(
    {
      members: membersKey,
      id: optionalKey(z.string().regex(NAME), {
        kind: 'text',
        form: NAME_FORM,
        purpose:
          'The name of this member, which no other has, and which stays the same. Absent: the host name.',
      }),
      name: key(z.string().regex(NAME), {
        kind: 'text',
        form: NAME_FORM,
        preset: 'boshd',
        purpose: 'The name of the cluster: several can share one NATS.',
      }),
      region: key(z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/), {
        kind: 'text',
        form: 'a name of small letters, digits and -',
        preset: 'default',
        purpose: 'Where this member is: one of the names below regions, if there are any.',
      }),
      weight: count({
        of: 'shares',
        min: 0,
        max: 1000,
        preset: 100,
        purpose:
          'Its share of new sessions, against the others. 0: it takes requests, and has no sessions of its own.',
      }),
      keysFile: file(
        'the path of a file with one key a line, each of 32 characters at least',
        'The keys of the cluster, the same for all members: they make sids that nobody can forge. The first one signs, all are accepted; a new one is added at the end everywhere, then moved to the front, and the old one taken out when its sessions are over.',
      ),
      insecureMesh: flag({
        preset: false,
        purpose:
          'Lets nats.servers be on other machines without TLS, or without credentials: everything that users write, passwords too, goes over it.',
      }),
      routingCookie: optionalKey(z.string().regex(COOKIE_NAME), {
        kind: 'text',
        form: 'a name of letters, digits and _',
        purpose:
          'The name of a cookie that tells proxies which member has the session: its value is the id of the member, nothing else. Nothing depends on it; a proxy that follows it spares the way from one member to another. Absent: none is set.',
      }),
      heartbeat: duration({
        purpose:
          'How often a member says that it lives. A death that no connection tells of is known after five of them.',
        reason: 'Cheap for some tens of members; with hundreds, longer.',
        bareUnit: 'ms',
        min: '20ms',
        max: '10s',
        preset: DEFAULT_MESH_LIMITS.heartbeat,
      }),
      suspectAfter: duration({
        purpose: 'Silence after which no requests are forwarded to a member; they wait.',
        reason: 'Longer than a busy process is silent.',
        bareUnit: 's',
        min: '200ms',
        max: '60s',
        preset: DEFAULT_MESH_LIMITS.suspectAfter,
      }),
      patience: duration({
        purpose:
          'How long a request waits for such a member, before its client hears HTTP 503 and tries again.',
        precedent: 'Pidgin gives up after 12 s.',
        bareUnit: 's',
        min: '0s',
        max: '30s',
        preset: DEFAULT_MESH_LIMITS.patience,
      }),
      creationsWithoutMesh: duration({
        purpose:
          'How long NATS may be away before new sessions are refused here with HTTP 503; sessions that are there go on. With routingCookie nothing is refused.',
        reason:
          'Any member gets the next request of a new session, and without NATS only this one could answer it.',
        precedent: 'The client of NATS is back within a second of a restart of its server.',
        bareUnit: 's',
        min: '0s',
        max: '3600s',
        preset: DEFAULT_MESH_LIMITS.creationsWithoutMesh,
      }),
      lease: duration({
        purpose: 'Silence after which the sessions of a member are over, whatever became of it.',
        bareUnit: 's',
        min: '1s',
        max: '600s',
        preset: DEFAULT_MESH_LIMITS.lease,
      }),
      backlogBytesMax: size({
        purpose:
          'What may wait for a worker or a NATS server that does not read. Beyond it messages to the worker are lost, and the connection to the NATS server is given up and made anew.',
        reason: 'Far more than waits for one that lives, and less than a process has memory.',
        precedent: 'A NATS server allows its clients 64 MiB.',
        min: '1MiB',
        max: '1GiB',
        preset: '64MiB',
      }),
    },
    { purpose: 'What this process is in a cluster of several.' },
  ),
  nats: group(
    {
      servers: list(parseNatsServer, {
        max: 16,
        of: 'URLs, such as nats://127.0.0.1:4222 or tls://nats.example.net:4222',
        preset: [],
        purpose:
          'The NATS servers by which members on several machines reach each other. Empty: this machine only.',
      }),
      credsFile: file('the path of a .creds file', 'Credentials with a JWT and an NKey.'),
      user: optionalKey(z.string().min(1), {
        kind: 'text',
        form: 'a name',
        purpose: 'The user of the NATS server.',
      }),
      passwordFile: file(SECRET, 'The password of nats.user.'),
      tokenFile: file(SECRET, 'The token, where the NATS server wants one.'),
      caFile: file(
        PEM,
        'The authorities of the NATS servers, instead of those the platform trusts. Set: TLS is a must.',
      ),
      certFile: file(PEM, 'The certificate of this member, where the NATS servers want one.'),
      keyFile: file(PEM, 'Its private key.'),
    },
    { purpose: 'How the members of several machines reach each other.' },
  ),
};
