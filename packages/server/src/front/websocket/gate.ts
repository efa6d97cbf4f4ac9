import * as plain from '../reply/plain.ts';
import type { Client } from '../request/client.ts';
import { headerOf, type RequestHead } from '../request/head.ts';
import type { Site } from '../site/site.ts';
import { type Misfit, SiteTable, type SiteTableOptions } from '../site/site-table.ts';

/** The subprotocol of XMPP (RFC 7395 §3.1). */
export const SUBPROTOCOL = 'xmpp';

/** What becomes of a request for a WebSocket: its site and client, or a refusal; `code` for the log, where it is worth a line. */
export type GateVerdict =
  | { readonly reply: undefined; readonly site: Site; readonly client: Client }
  | { readonly reply: plain.PlainReply; readonly site: Site | undefined; readonly code: string | undefined };

/** Chooses the site of a WebSocket, by the same rules as that of a request, and who may have one. */
export class Gate {
  readonly #sites: SiteTable;

  /** Takes all sites; those without the syntax `websocket` have none. Throws FrontError OPTION_UNUSABLE. */
  constructor({ sites, fallback, proxies }: SiteTableOptions) {
    const own = [...sites, ...(fallback === undefined ? [] : [fallback])]
      .filter(({ syntaxes }) => syntaxes.includes('websocket'))
      .map((options) => ({ ...options, paths: options.websocketPaths }));
    this.#sites = new SiteTable({
      sites: own.filter(({ name }) => name !== fallback?.name),
      fallback: own.find(({ name }) => name === fallback?.name),
      proxies,
    });
  }

  hasPath(path: string): boolean {
    return this.#sites.hasPath(path);
  }

  misfitOf(headers: RequestHead['headers'], path: string): Misfit | undefined {
    return this.#sites.misfitOf(headers, path);
  }

  judge(head: RequestHead, client: Client, path: string): GateVerdict {
    const picked = this.#sites.pick(head, client, path);
    if (picked === undefined) return { reply: plain.NOT_FOUND, site: undefined, code: undefined };
    const { site, headers } = picked;
    // Browsers say the origin of every page that opens one, and ask for no leave by CORS: boshd alone guards it.
    if (headers === undefined) {
      const reply = plain.originRefused(headerOf(head.headers, 'origin'));
      return { reply, site, code: 'origin-refused' };
    }
    const protocols = headerOf(head.headers, 'sec-websocket-protocol')?.split(',') ?? [];
    if (!protocols.some((each) => each.trim() === SUBPROTOCOL)) {
      return { reply: plain.SUBPROTOCOL_MISSING, site, code: 'subprotocol-missing' };
    }
    return { reply: undefined, site, client: picked.client };
  }
}
