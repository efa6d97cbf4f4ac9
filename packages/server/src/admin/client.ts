import { request } from 'node:http';
import { type AdminAddress, formatAdminAddress } from './address.ts';

export interface AdminReply {
  readonly status: number;
  readonly text: string;
}

/** Nobody answers at the admin address, or something else than boshd does. */
export class AdminUnreachable extends Error {
  readonly code = 'ADMIN_UNREACHABLE';
}

/** A cloud of many members answers with some hundred KB. */
const REPLY_CHARS_MAX = 16 * 1024 * 1024;
const REPLY_MS_MAX = 15_000;

/** Asks a running boshd. Rejects with AdminUnreachable. */
export function askAdmin(address: AdminAddress, method: 'GET' | 'POST', path: string): Promise<AdminReply> {
  const where = 'path' in address ? { socketPath: address.path } : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      reject(new AdminUnreachable(`${formatAdminAddress(address)}: ${why}`, { cause }));
    };
    const asked = request({ ...where, method, path, headers: { Host: 'localhost' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > REPLY_CHARS_MAX) asked.destroy(new Error('the reply is too long'));
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', (error) => fail(error.message, error));
    });
    asked.setTimeout(REPLY_MS_MAX, () => asked.destroy(new Error('no answer in time')));
    asked.on('error', (error) => fail(error.message, error));
    asked.end();
  });
}
