import type { ReplyHeaders } from '../reply/headers.ts';
import type { Client, TrustedProxies } from '../request/client.ts';
import { headerOf, type RequestHead } from '../request/head.ts';
import { claimOf } from '../syntax/choice.ts';
import { Site, type SiteOptions } from './site.ts';

/** The site that a request is of, and what this makes of the client. */
export interface Picked {
  readonly site: Site;
  readonly client: Client;
  /** Of every reply; undefined: the request is of this site by its host and path, but a page of its origin may not use it. */
  readonly headers: ReplyHeaders | undefined;
}

/** What is wrong with a secret that a request shows. */
export interface Misfit {
  readonly code: 'site-secret-wrong' | 'site-host-wrong';
  /** For the log: never the secret. */
  readonly detail: string;
}

export interface SiteTableOptions {
  readonly sites: readonly SiteOptions[];
  /** Takes what is no other site's; undefined: such requests are refused. */
  readonly fallback: SiteOptions | undefined;
  readonly proxies: TrustedProxies;
}

/** The sites that have one path. */
interface PathEntry {
  /** Those that serve whoever comes by their own web server; true: the path has a key, which is proof enough. */
  readonly recognisable: readonly (readonly [Site, hasPathKey: boolean])[];
  /** Those that serve browsers. The default site is the first, for it has what no other claims. */
  readonly open: Site[];
  /** Headers in which those of the first kind look for secrets. */
  readonly secretHeaders: Set<string>;
}

/** So many pairs of host and path are remembered; hosts can be made up, so there must be an end. */
const RANKED_MAX = 1024;

/**
 * Chooses the site of a request by its Host, Origin and path (docs/decisions/sites.md):
 *
 * 1. a site whose own web server sent it; else
 * 2. of the sites that name the host, else by a pattern, else of those that name no host, and the default site:
 * 3. the first that lists the page's origin, else the first that takes the request at all.
 *
 * What an earlier step leaves is not looked at by a later one: the host of one site never leads to another.
 */
export class SiteTable {
  readonly #byPath = new Map<string, PathEntry>();
  /** Those whose own web server is not the only way to them. */
  readonly #open: readonly Site[];
  readonly #ranked = new Map<string, readonly Site[]>();
  /** Paths behind which keys stand. */
  readonly #keyed = new Set<string>();
  readonly #proxies: TrustedProxies;

  /** Throws FrontError OPTION_UNUSABLE. */
  constructor({ sites, fallback, proxies }: SiteTableOptions) {
    this.#proxies = proxies;
    const others = sites.map((options) => new Site(options));
    const all = fallback === undefined ? others : [new Site(fallback), ...others];
    this.#open = all.filter(({ recognition }) => recognition === undefined);
    for (const site of all) this.#enter(site);
  }

  /** Whether a request at this path is for BOSH at all. */
  hasPath(path: string): boolean {
    return this.#byPath.has(path);
  }

  /** The site of a request at a path of any of them; undefined: of none. */
  pick(head: RequestHead, client: Client, path: string): Picked | undefined {
    const entry = this.#byPath.get(path);
    if (entry === undefined) return undefined;
    const recognised = entry.recognisable.length === 0 ? undefined : this.#recognised(entry, head, client);
    return recognised ?? choose(this.#rank(path, entry.open, client.host), head, client);
  }

  /** Of a request that is not of a site's own web server, though it shows a secret. */
  misfitOf(headers: RequestHead['headers'], path: string): Misfit | undefined {
    const entry = this.#byPath.get(path);
    if (entry === undefined || entry.secretHeaders.size === 0) return undefined;
    const shown = [...entry.secretHeaders].find((name) => headerOf(headers, name) !== undefined);
    if (shown === undefined) return undefined;
    const rightful = entry.recognisable.find(([site]) => site.recognition?.hasSecretHeader(headers));
    return rightful === undefined
      ? { code: 'site-secret-wrong', detail: `a secret in ${shown} that is no site's` }
      : {
          code: 'site-host-wrong',
          detail: `the secret of site ${rightful[0].name} and a host that is not among its hosts`,
        };
  }

  /** Of a path that is no site's: the path behind which it has what should be the key of one. */
  keyedPathOf(path: string): string | undefined {
    const end = path.lastIndexOf('/', path.length - 2);
    const before = path.slice(0, Math.max(end, 0));
    return this.#keyed.has(before) ? before : undefined;
  }

  /** The site that a request for a page, at whatever path, is of by its host alone. */
  ofHost(client: Client): Site | undefined {
    return this.#rank('', this.#open, client.host)[0];
  }

  #recognised({ recognisable }: PathEntry, head: RequestHead, client: Client): Picked | undefined {
    let first: Picked | undefined;
    for (const [site, hasPathKey] of recognisable) {
      const { recognition, hosts } = site;
      const behind = recognition?.clientBehind(head, client, hasPathKey, this.#proxies);
      if (behind === undefined) continue;
      const isHost = hosts.isEmpty || hosts.fit(behind.host) !== 'none' || hosts.fit(client.host) !== 'none';
      if (!isHost) continue;
      const picked = choose([site], head, behind);
      if (picked?.headers !== undefined) return picked;
      first ??= picked;
    }
    return first;
  }

  /** Those of the sites at a path that have the best claim to a host. */
  #rank(path: string, open: readonly Site[], host: string | undefined): readonly Site[] {
    if (open.length <= 1 && (open[0]?.hosts.isEmpty ?? true)) return open;
    const key = `${path} ${host ?? ''}`;
    const known = this.#ranked.get(key);
    if (known !== undefined) return known;
    if (this.#ranked.size >= RANKED_MAX) this.#ranked.clear();
    const ranked = best(open, host);
    this.#ranked.set(key, ranked);
    return ranked;
  }

  #enter(site: Site): void {
    for (const path of site.paths) {
      const entry = this.#entry(path);
      if (site.recognition?.header !== undefined) entry.secretHeaders.add(site.recognition.header);
      if (site.recognition === undefined) entry.open.push(site);
      else this.#byPath.set(path, { ...entry, recognisable: [...entry.recognisable, [site, false]] });
    }
    if (site.keyPaths.length > 0) for (const path of site.paths) this.#keyed.add(path);
    for (const path of site.keyPaths) {
      const entry = this.#entry(path);
      this.#byPath.set(path, { ...entry, recognisable: [...entry.recognisable, [site, true]] });
    }
  }

  #entry(path: string): PathEntry {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const entry = { recognisable: [], open: [], secretHeaders: new Set<string>() };
    this.#byPath.set(path, entry);
    return entry;
  }
}

function best(open: readonly Site[], host: string | undefined): readonly Site[] {
  for (const fit of ['exact', 'pattern'] as const) {
    const fitting = open.filter(({ hosts }) => hosts.fit(host) === fit);
    if (fitting.length > 0) return fitting;
  }
  return open.filter(({ hosts }) => hosts.isEmpty);
}

function choose(sites: readonly Site[], head: RequestHead, client: Client): Picked | undefined {
  const [first] = sites;
  if (first === undefined) return undefined;
  const claim = claimOf(head, client);
  if (sites.length > 1 && claim.origin !== undefined) {
    for (const site of sites) {
      if (site.cors.lists(claim)) return { site, client, headers: site.cors.repliesTo(claim) };
    }
    for (const site of sites) {
      const own = site.cors.repliesTo(claim);
      if (own !== undefined) return { site, client, headers: own };
    }
  }
  return { site: first, client, headers: first.cors.repliesTo(claim) };
}
