import { fault, ok, type Result } from '@boshd/engine/kit';
import { choice, group, optionalKey, parsed } from '../kinds/kinds.ts';

const URI_CHARS_MAX = 2000;

/** A client posts to it, so it must be an absolute URI of the web; who is sent there must not be sent with a password. */
export function parseUri(input: string): Result<string, string> {
  return parseAbsolute(input, 'https:', 'http:');
}

export function parseWebSocketUri(input: string): Result<string, string> {
  return parseAbsolute(input, 'wss:', 'ws:');
}

function parseAbsolute(input: string, ...schemes: readonly [string, string]): Result<string, string> {
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url === undefined || input.length > URI_CHARS_MAX) return fault('is not a URI');
  if (!schemes.includes(url.protocol))
    return fault(`is neither ${schemes.join(' nor ').replaceAll(':', '')}`);
  return url.username === '' && url.password === '' ? ok(url.href) : fault('has a user or a password in it');
}

/** XEP-0124 §17.2, see-other-uri. */
export const seeOtherKeys = group(
  {
    uri: optionalKey(parsed(parseUri), {
      kind: 'text',
      form: 'an absolute URI, such as https://bosh.example.org/http-bind',
      purpose: 'The BOSH URL that new sessions are sent to; absent: none is sent anywhere.',
    }),
    websocketUri: optionalKey(parsed(parseWebSocketUri), {
      kind: 'text',
      form: 'an absolute URI, such as wss://bosh.example.org/xmpp-websocket',
      purpose:
        'The same for clients over WebSocket (RFC 7395). While boshd drains or stops, also those that are connected are sent there.',
    }),
    when: choice(['http', 'shutdown', 'always'], {
      preset: 'always',
      purpose:
        'Which are sent there. http: those asked for without encryption. shutdown: those asked for while boshd stops. always: all.',
      reason: 'Sessions that exist go on where they are, whatever is set here.',
    }),
  },
  {
    purpose:
      'Where else the service is: new sessions are refused with see-other-uri and this URI. Few clients follow it by themselves.',
  },
);
