import { DEFAULT_SOCKET_LIMITS } from '@boshd/engine/socket';
import { duration, group, list } from '../kinds/kinds.ts';
import { parsePath } from './paths.ts';

/** XMPP over WebSocket (RFC 7395); served where `syntaxes` has `websocket`. */
export const websocketKeys = group(
  {
    paths: list(parsePath, {
      min: 1,
      max: 16,
      of: 'paths, such as /xmpp-websocket',
      preset: ['/xmpp-websocket'],
      purpose: 'The paths of the WebSocket URL; each is also answered with a slash at its end.',
      precedent: 'Prosody and MongooseIM use /xmpp-websocket or /ws-xmpp, ejabberd /ws.',
    }),
    open: duration({
      purpose: 'How long a new WebSocket may be silent before its <open/>.',
      reason: 'Clients send it at once; idle connections cost memory.',
      bareUnit: 's',
      min: '1s',
      max: '300s',
      preset: DEFAULT_SOCKET_LIMITS.open,
    }),
    ping: duration({
      purpose: 'How long a client may be silent before it is pinged.',
      reason: 'Proxies cut a silent WebSocket, most often after 60 s.',
      precedent: 'RFC 7395 §3.8 puts pings in the place of white space.',
      bareUnit: 's',
      min: '1s',
      max: '3600s',
      preset: DEFAULT_SOCKET_LIMITS.ping,
    }),
    pong: duration({
      purpose: 'How long it may then stay silent before its connection is given up.',
      reason:
        'A phone that wakes up needs some seconds; a dead connection keeps others from writing to the user elsewhere.',
      bareUnit: 's',
      min: '1s',
      max: '3600s',
      preset: DEFAULT_SOCKET_LIMITS.pong,
    }),
    close: duration({
      purpose:
        "How long the client's <close/> is waited for after boshd has sent its own, and then for the end of its connection.",
      reason: 'A client that has gone away answers neither; each connection costs a file descriptor.',
      bareUnit: 's',
      min: '100ms',
      max: '30s',
      preset: DEFAULT_SOCKET_LIMITS.close,
    }),
  },
  { purpose: 'XMPP over WebSocket (RFC 7395), beside BOSH and under the same policies.' },
);
