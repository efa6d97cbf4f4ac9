import { address, bracketed, type Service } from '../facts.ts';

export const PURPOSE = 'The BOSH URL of a site whose BOSH service runs elsewhere';

/** By which a service knows the site that a request comes from, whatever its Host. */
export const SITE_KEY_HEADER = 'X-Boshd-Site';

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** What stands in Host: the port only where it is not the usual one. */
export function hostHeader(service: Service): string {
  const usual = service.secure ? DEFAULT_PORTS.https : DEFAULT_PORTS.http;
  return service.port === usual ? bracketed(service.host) : address(service);
}

/** `https://bosh.example.net/http-bind` */
export function serviceUrl(service: Service): string {
  return `${service.secure ? 'https' : 'http'}://${hostHeader(service)}${service.path}`;
}
