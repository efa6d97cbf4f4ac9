/** How well a host fits a list: by its very name, by a pattern, or not. */
export type HostFit = 'exact' | 'pattern' | 'none';

/** Hosts and patterns of hosts (`*.example.org`: everything below it, at label boundaries). Ports do not count. */
export class HostNames {
  readonly #exact: ReadonlySet<string>;
  readonly #below: readonly string[];

  /** In lower case, without ports; IPv6 addresses in brackets. */
  constructor(hosts: readonly string[]) {
    this.#exact = new Set(hosts.filter((host) => !host.startsWith('*.')));
    this.#below = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
  }

  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#below.length === 0;
  }

  /** `host` as in a Host header. */
  fit(host: string | undefined): HostFit {
    if (host === undefined || this.isEmpty) return 'none';
    const name = hostName(host);
    if (this.#exact.has(name)) return 'exact';
    return this.#below.some((suffix) => name.length > suffix.length && name.endsWith(suffix))
      ? 'pattern'
      : 'none';
  }
}

/** Without its port and the dot of a fully qualified name, in lower case. */
function hostName(host: string): string {
  const end = host.endsWith(']') ? host.length : host.lastIndexOf(':');
  const name = (end < 0 ? host : host.slice(0, end)).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
