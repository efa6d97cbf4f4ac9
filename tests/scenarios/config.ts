import { type Duration, millis, seconds } from '@boshd/engine/kit';
import { DEFAULT_ADMISSION_LIMITS, type ManagerConfig, type SeeOther } from '@boshd/engine/manager';
import { DEFAULT_SESSION_LIMITS } from '@boshd/engine/session';
import { DEFAULT_SOCKET_LIMITS } from '@boshd/engine/socket';
import { DEFAULT_STREAM_LIMITS } from '@boshd/engine/stream';
import { SERVER_XML_LIMITS } from '@boshd/engine/wire';

const DEFAULTS: ManagerConfig = {
  session: DEFAULT_SESSION_LIMITS,
  stream: DEFAULT_STREAM_LIMITS,
  socket: DEFAULT_SOCKET_LIMITS,
  serverXml: SERVER_XML_LIMITS,
  domains: {
    defaultDomain: undefined,
    allow: ['*'],
    deny: ['denied.example', '*.denied.example'],
    gone: ['gone.example', '*.gone.example'],
    routePorts: [],
    overrides: new Map([
      [
        'plain.example',
        { target: { host: '127.0.0.1', port: 5222 }, tls: 'insecure-none', verify: true, ca: undefined },
      ],
      [
        'optional.example',
        { target: { host: '127.0.0.1', port: 5222 }, tls: 'insecure-optional', verify: true, ca: undefined },
      ],
    ]),
  },
  admission: DEFAULT_ADMISSION_LIMITS,
  seeOther: undefined,
  showExternal: false,
};

/** The defaults of everything, but for the settings that a transcript names (`## hold 2`). */
export function stageConfig(settings: ReadonlyMap<string, string>): ManagerConfig {
  let config = DEFAULTS;
  for (const [key, text] of settings) config = { ...config, ...changed(config, key, readValue(text)) };
  return config;
}

function changed(config: ManagerConfig, key: string, value: string | number): Partial<ManagerConfig> {
  const { session, stream, socket, admission, domains, serverXml } = config;
  if (key in session) return { session: { ...session, [key]: value } };
  if (key === 'resumption') return { stream: { ...stream, resumption: value === 'true' } };
  if (key in socket) return { socket: { ...socket, [key]: value } };
  if (key in stream) return { stream: { ...stream, [key]: value } };
  if (key in admission) return { admission: { ...admission, [key]: value } };
  if (key in serverXml) return { serverXml: { ...serverXml, [key]: value } };
  if (key === 'defaultDomain') return { domains: { ...domains, defaultDomain: String(value) } };
  if (key === 'routePorts')
    return { domains: { ...domains, routePorts: String(value).split(',').map(Number) } };
  if (key === 'seeOther') return { seeOther: seeOtherOf(String(value)) };
  if (key === 'showExternal') return { showExternal: value === 'true' };
  throw new Error(`no setting is named ${key}`);
}

/** `http https://example.org/http-bind`, and behind it perhaps the same for WebSocket. */
function seeOtherOf(text: string): SeeOther {
  const [when, uri = '', websocketUri] = text.split(' ');
  if (when !== 'http' && when !== 'shutdown' && when !== 'always') throw new Error(`no time is ${when}`);
  return { uri, websocketUri, when };
}

function readValue(text: string): string | number {
  if (/^\d+$/.test(text)) return Number(text);
  return durationOf(text) ?? text;
}

/** `15s` or `250ms`; undefined for anything else. */
export function durationOf(text: string): Duration | undefined {
  const [, count, unit] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  return unit === 's' ? seconds(Number(count)) : millis(Number(count));
}
