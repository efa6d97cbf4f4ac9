import { ClientError } from '../errors.ts';

/** Where a domain's services are. */
export interface Services {
  readonly bosh: string | undefined;
  readonly webSocket: string | undefined;
}

const RELATIONS = {
  bosh: 'urn:xmpp:alt-connections:xbosh',
  webSocket: 'urn:xmpp:alt-connections:websocket',
} as const;

/** Asks a domain for its services (XEP-0156); `url` is that of its host-meta.json. */
export async function discover(url: string): Promise<Services> {
  let text: string;
  try {
    const response = await fetch(url);
    text = await response.text();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
  } catch (cause) {
    throw new ClientError('unreachable', `${url} does not say where the chat service is: ${cause}`, {
      cause,
    });
  }
  const services = servicesIn(text);
  if (services.bosh === undefined && services.webSocket === undefined)
    throw new ClientError('not-bosh', `${url} names no BOSH and no WebSocket service`);
  return services;
}

function servicesIn(text: string): Services {
  let links: unknown;
  try {
    links = Reflect.get(Object(JSON.parse(text)), 'links');
  } catch {
    links = undefined;
  }
  const hrefOf = (relation: string): string | undefined => {
    for (const link of Array.isArray(links) ? links : []) {
      const href: unknown = Reflect.get(Object(link), 'href');
      if (Reflect.get(Object(link), 'rel') === relation && typeof href === 'string') return href;
    }
    return undefined;
  };
  return { bosh: hrefOf(RELATIONS.bosh), webSocket: hrefOf(RELATIONS.webSocket) };
}
