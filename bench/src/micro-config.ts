import { DEFAULT_ADMISSION_LIMITS, type ManagerConfig } from '@boshd/engine/manager';
import { DEFAULT_SESSION_LIMITS } from '@boshd/engine/session';
import { DEFAULT_SOCKET_LIMITS } from '@boshd/engine/socket';
import { DEFAULT_STREAM_LIMITS } from '@boshd/engine/stream';
import { SERVER_XML_LIMITS } from '@boshd/engine/wire';

/** A manager with the defaults of boshd, for every domain, in what measures the engine alone; `admission`: limits that would be in the way. */
export function plainConfig(admission: Partial<ManagerConfig['admission']>): ManagerConfig {
  return {
    session: DEFAULT_SESSION_LIMITS,
    stream: DEFAULT_STREAM_LIMITS,
    socket: DEFAULT_SOCKET_LIMITS,
    serverXml: SERVER_XML_LIMITS,
    domains: {
      defaultDomain: undefined,
      allow: ['*'],
      deny: [],
      gone: [],
      routePorts: [],
      overrides: new Map(),
    },
    admission: { ...DEFAULT_ADMISSION_LIMITS, ...admission },
    seeOther: undefined,
    showExternal: false,
  };
}
