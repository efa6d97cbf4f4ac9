import { type Client, clientOf, TrustedProxies } from '../request/client.ts';
import { headerOf, type RequestHead } from '../request/head.ts';

/** How a site that proxies from its own web server elsewhere is told from everybody else. Any one of these suffices. */
export interface RecognitionOptions {
  /** Addresses and networks of its web servers. */
  readonly networks: readonly string[];
  /** A header that its web server adds, with a secret as its value. */
  readonly header: SecretHeader | undefined;
  /** Certificates of its web server: SHA-256 in small hexadecimal digits, or `CN=` and a name that an authority signed. */
  readonly certificates: readonly string[];
  /** Secrets that stand behind the path of the BOSH URL: /http-bind/SECRET. */
  readonly pathKeys: readonly string[];
}

export interface SecretHeader {
  /** In lower case. */
  readonly name: string;
  /** More than one while a secret is being changed. */
  readonly secrets: readonly string[];
}

/** Recognises a site's own web server. What it says of the client then counts. */
export class Recognition {
  readonly #networks: TrustedProxies;
  readonly #header: string | undefined;
  readonly #secrets: ReadonlySet<string>;
  readonly #certificates: ReadonlySet<string>;

  /** Throws FrontError OPTION_UNUSABLE. */
  constructor({ networks, header, certificates }: RecognitionOptions) {
    this.#networks = new TrustedProxies(networks);
    this.#header = header?.name;
    this.#secrets = new Set(header?.secrets);
    this.#certificates = new Set(certificates);
  }

  /** `client` as far as it is known without the site. Undefined: the request did not come by the site's web server. */
  clientBehind(
    head: RequestHead,
    client: Client,
    hasPathKey: boolean,
    proxies: TrustedProxies,
  ): Client | undefined {
    const hasSecret = hasPathKey || this.hasSecretHeader(head.headers) || this.#hasCertificate(head);
    if (!hasSecret && !this.#networks.has(client.address)) return undefined;
    return clientOf(head, proxies, { networks: this.#networks, hasSecret });
  }

  /** The header that its secret stands in, in lower case. */
  get header(): string | undefined {
    return this.#header;
  }

  #hasCertificate({ peer }: RequestHead): boolean {
    if (this.#certificates.size === 0) return false;
    const { certificate } = peer;
    if (certificate === undefined) return false;
    const { fingerprint, name } = certificate;
    return (
      this.#certificates.has(fingerprint) || (name !== undefined && this.#certificates.has(`CN=${name}`))
    );
  }

  /** Found by its hash, so the time that it takes tells nothing of how much of a wrong secret is right. */
  hasSecretHeader(headers: RequestHead['headers']): boolean {
    if (this.#header === undefined) return false;
    const value = headerOf(headers, this.#header);
    return value !== undefined && this.#secrets.has(value);
  }
}
