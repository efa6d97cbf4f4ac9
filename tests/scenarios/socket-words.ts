import type { Input, Output, SocketInput, SocketOutput } from '@boshd/engine/manager';
import type { SocketId } from '@boshd/engine/socket';
import { CLIENT_XML_LIMITS, decodeFrame } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';

const toolbox = nodeToolbox();

/** What happens to a WebSocket, in the words of the transcripts; undefined: the word is about something else. */
export function socketInput(socket: SocketId, word: string, rest: string): SocketInput | undefined {
  switch (word) {
    case 'socket':
      return {
        type: 'socket-opened',
        socket,
        site: /site:(\S+)/.exec(rest)?.[1] ?? 'default',
        secure: !rest.includes('http'),
        address: /address:(\S+)/.exec(rest)?.[1] ?? '192.0.2.1',
      };
    case 'pong':
      return { type: 'socket-heard', socket };
    case 'unread':
    case 'reads':
      return { type: 'socket-blocked', socket, blocked: word === 'unread' };
    case 'gone':
      return { type: 'socket-closed', socket, detail: '', isLeaving: rest.includes('away') };
    default:
      return undefined;
  }
}

/** A message of the client, as the front would have decoded it. */
export function messageInput(socket: SocketId, text: string): SocketInput {
  const decoded = decodeFrame(Buffer.from(text, 'utf8'), CLIENT_XML_LIMITS, toolbox);
  return decoded.ok
    ? { type: 'socket-frame', socket, frame: decoded.value }
    : { type: 'socket-fault', socket, fault: decoded.fault };
}

export function describeSocket(output: SocketOutput): string {
  switch (output.type) {
    case 'socket-send': {
      const text = Buffer.from(output.bytes, 'latin1').toString('utf8');
      return `<- ws ${text.replace(/ id='[0-9a-f]{16}'/, " id='ID'")}`;
    }
    case 'socket-ping':
      return '<- ws (ping)';
    case 'socket-read':
      return `== ws read ${output.wanted ? 'on' : 'off'}`;
    case 'socket-close':
      return `== ws close ${output.code}`;
  }
}

export function isOfSocket<Item extends Input | Output>(
  item: Item,
): item is Extract<Item, SocketInput | SocketOutput> {
  return item.type.startsWith('socket-');
}
