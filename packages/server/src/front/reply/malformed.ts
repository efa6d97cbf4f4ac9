import type { Socket } from 'node:net';
import * as plain from './plain.ts';
import { rawReply } from './raw.ts';

/** By the codes of node:http and its parser; what is not here is answered as malformed. */
const REPLIES: Readonly<Record<string, plain.PlainReply>> = {
  HPE_HEADER_OVERFLOW: plain.HEAD_TOO_LARGE,
  ERR_HTTP_REQUEST_TIMEOUT: plain.TOO_SLOW,
};

/** Says what was wrong with what came, and ends the connection. What is wrong with the socket or with TLS has no answer. */
export function answerMalformed(code: string, socket: Socket): void {
  if (!socket.writable || !/^(?:HPE|ERR_HTTP)_/.test(code)) {
    socket.destroy();
    return;
  }
  socket.write(rawReply(REPLIES[code] ?? plain.MALFORMED), 'latin1');
  socket.destroySoon();
}
