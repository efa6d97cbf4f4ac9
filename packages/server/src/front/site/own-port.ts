import { isIP } from 'node:net';
import type { ListenAddress } from '../options.ts';
import { headerOf, type RequestHead } from '../request/head.ts';
import { HostNames } from './host-names.ts';
import type { Site, SiteOptions } from './site.ts';

const LOOPBACK = /^(?:127\.|::1$)/;
const LOOPBACK_NAME = /^(?:localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/;

/**
 * Tells a page that had its own name point to this machine (DNS rebinding) from a proxy. Both come from a loopback address. A
 * proxy sends the site's host and port, or the address that it connects to; a browser that is led here sends a name that is
 * nobody's here with the port that boshd listens on. Only browsers write such a Host, and a page cannot change it.
 */
export class OwnPort {
  readonly #hosts: HostNames;
  readonly #isAnyAddress: boolean;

  constructor(listen: readonly ListenAddress[], sites: readonly SiteOptions[]) {
    const addresses = listen.flatMap((each) => ('host' in each ? [inHost(each.host)] : []));
    this.#hosts = new HostNames([...addresses, ...sites.flatMap(({ hosts }) => hosts)]);
    this.#isAnyAddress = addresses.some((each) => each === '0.0.0.0' || each === '[::]');
  }

  /** Whether a request from this machine carries boshd's own port and a host that is none of its own. */
  isForeign({ peer, headers }: RequestHead, { cors }: Site): boolean {
    // Over https the browser asks for a certificate of the name, which a page that is led here cannot show.
    if (peer.secure || !LOOPBACK.test(peer.address)) return false;
    const host = headerOf(headers, 'host')?.toLowerCase();
    if (host === undefined || peer.port === undefined || !host.endsWith(`:${peer.port}`)) return false;
    const name = host.slice(0, host.lastIndexOf(':')).replace(/\.$/, '');
    if (LOOPBACK_NAME.test(name) || this.#hosts.fit(host) !== 'none') return false;
    if (this.#isAnyAddress && isIP(name.replace(/^\[|\]$/g, '')) !== 0) return false;
    // A page that origins list may use the service whatever its Host.
    return ['http', 'https'].every(
      (scheme) =>
        cors.repliesTo({ origin: `${scheme}://${host}`, host: undefined, fetchSite: undefined }) ===
        undefined,
    );
  }
}

/** An address as it stands in a Host. */
function inHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase();
}
