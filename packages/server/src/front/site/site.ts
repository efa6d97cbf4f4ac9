import type { XmlLimits } from '@boshd/engine/wire';
import type { CorsOptions } from '../options.ts';
import type { OrderOptions } from '../order.ts';
import type { CompressionOptions } from '../reply/coding.ts';
import { Cors } from '../reply/cors.ts';
import { ALLOWED_METHODS, type PlainReply } from '../reply/plain.ts';
import type { BodyLimits, SyntaxName } from '../syntax/syntax.ts';
import type { WebSocketOptions } from '../websocket/options.ts';
import { HostNames } from './host-names.ts';
import { Recognition, type RecognitionOptions } from './recognition.ts';

/** What the HTTP side knows of one site. */
export interface SiteOptions {
  /** As in the engine's inputs and in logs. */
  readonly name: string;
  /** Hosts that are this site's, `*.example.org` for all below it; empty: any host that is no other site's. */
  readonly hosts: readonly string[];
  /** Paths of the BOSH URL without a slash at the end; each is answered with one too. */
  readonly paths: readonly string[];
  readonly cors: CorsOptions;
  /** Added to every reply on the BOSH paths, name to value. */
  readonly extraHeaders: Readonly<Record<string, string>>;
  readonly syntaxes: readonly SyntaxName[];
  readonly compression: CompressionOptions;
  /** Paths of the WebSocket URL, the same way. */
  readonly websocketPaths: readonly string[];
  readonly websocket: WebSocketOptions;
  /** Bytes of a <body/>, after decompression. */
  readonly bodyBytesMax: number;
  /** What the XML of a <body/> may cost. */
  readonly xml: XmlLimits;
  /** Where its web application orders sessions. */
  readonly order: OrderOptions;
  /** Whether its pages claim sessions by cookies. */
  readonly hasClaimCookies: boolean;
  /** How the site's own web server elsewhere is recognised; undefined: it has none, browsers come by themselves. */
  readonly recognition: RecognitionOptions | undefined;
}

/** A site, made ready for judging requests. */
export class Site {
  readonly name: string;
  readonly hosts: HostNames;
  readonly cors: Cors;
  /** The answer to OPTIONS, which is a preflight where it comes from a browser. */
  readonly preflight: PlainReply;
  readonly syntaxes: ReadonlySet<SyntaxName>;
  readonly compression: CompressionOptions;
  readonly limits: BodyLimits;
  readonly websocket: WebSocketOptions;
  readonly recognition: Recognition | undefined;
  readonly hasClaimCookies: boolean;
  /** Every path that leads to it by itself; where it has keys, those with a key are `keyPaths`. */
  readonly paths: readonly string[];
  readonly keyPaths: readonly string[];

  /** Throws FrontError OPTION_UNUSABLE. */
  constructor(options: SiteOptions) {
    const { name, hosts, paths, cors, extraHeaders, syntaxes, compression, bodyBytesMax, xml, recognition } =
      options;
    this.name = name;
    this.hosts = new HostNames(hosts);
    this.cors = new Cors(cors, extraHeaders, compression.codings.length === 0 ? [] : ['Accept-Encoding']);
    this.syntaxes = new Set(syntaxes);
    this.compression = compression;
    this.preflight = {
      ...ALLOWED_METHODS,
      headers: [...ALLOWED_METHODS.headers, ...this.cors.preflight],
    };
    this.websocket = options.websocket;
    this.hasClaimCookies = options.hasClaimCookies;
    this.limits = { bodyBytesMax, xml, takesCompressed: compression.requests };
    this.recognition = recognition === undefined ? undefined : new Recognition(recognition);
    this.paths = withSlashes(paths);
    const keys = recognition?.pathKeys ?? [];
    this.keyPaths = withSlashes(paths.flatMap((path) => keys.map((key) => `${path}/${key}`)));
  }
}

function withSlashes(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => [path, `${path}/`]);
}
