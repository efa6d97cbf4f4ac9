import type { Duration } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { Line, RequestId } from '../session/index.ts';
import type { ChannelBindings } from '../stream/index.ts';
import type { BodyFault, DecodedBody } from '../wire/index.ts';
import type { ManagerConfig } from './config.ts';
import type { LinkId } from './kept.ts';
import type { SocketInput } from './socket-input.ts';
import type { NextDial } from './start.ts';

export type { LinkId, RequestId };

/** What the ports learned. The manager turns each into outputs. */
export type Input =
  | SocketInput
  /** A POST (or another syntax) with a <body/>, decoded. */
  | {
      readonly type: 'request';
      readonly request: RequestId;
      /** Name of the site that the front chose. */
      readonly site: string;
      /** Whether it came over https, as told by the listener or a trusted proxy. */
      readonly secure: boolean;
      /** The browser's address, for logs, limits and PROXY protocol. */
      readonly address: string;
      readonly body: DecodedBody;
      /** Regions of the cloud that suit the client, the best first; only of a creation request. Default: none known. */
      readonly regions?: readonly string[];
      /** Only of a creation request: the session is logged in for a page, which claims it when it is offered. It is made here. */
      readonly forPage?: { readonly cookie: string | undefined };
      /** The cookies that pages claim sessions with, as in the header. Default: none. */
      readonly cookies?: string | undefined;
      /** The client's connection. Default: not known. */
      readonly line?: Line | undefined;
    }
  /**
   * A long or compressed request, before its <body/> is decoded, of which the start tag was read. It is answered, or the output
   * `decode` asks for all of it.
   */
  | {
      readonly type: 'request-head';
      readonly request: RequestId;
      readonly site: string;
      readonly secure: boolean;
      readonly address: string;
      readonly sid: string | undefined;
      /** Of its content, as it came. */
      readonly bytes: number;
    }
  /** A request in which not even the start tag of a <body/> can be read. No session is touched by it. */
  | { readonly type: 'bad-request'; readonly request: RequestId; readonly fault: BodyFault }
  /** The client went away before its request was answered. `sid`: the one in its body, so that no map is needed. */
  | { readonly type: 'request-aborted'; readonly request: RequestId; readonly sid: string | undefined }
  /** A reply could not be written whole: its socket closed before. */
  | { readonly type: 'reply-lost'; readonly request: RequestId; readonly sid: string | undefined }
  /** A reply was written whole, and then the client closed the connection, which had carried nothing else. */
  | { readonly type: 'reply-taken'; readonly request: RequestId; readonly sid: string | undefined }
  /** Whether a reply was written is not known: the member that was to do it is gone. */
  | { readonly type: 'reply-in-doubt'; readonly request: RequestId; readonly sid: string | undefined }
  /** The link is up. `secure`: TLS has been made and verified already (direct TLS). */
  | {
      readonly type: 'link-up';
      readonly link: LinkId;
      readonly secure: boolean;
      /** The endpoint that was connected to, as `192.0.2.1:5222`. */
      readonly remote: string;
      /** What a further dial for the same session would find, should this server be of no use. Absent: nothing. */
      readonly next?: NextDial | undefined;
      /** What binds to the link's TLS, where it is under TLS. Absent: nothing can be bound. */
      readonly bindings?: ChannelBindings | undefined;
    }
  /** After the output `secure`: TLS was made and verified on the link. */
  | {
      readonly type: 'link-secured';
      readonly link: LinkId;
      readonly bindings?: ChannelBindings | undefined;
    }
  /** Bytes from the server; the view is valid only during the call. */
  | { readonly type: 'link-data'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** Dialling failed, or the link was lost or closed by the server. The link is gone after this. */
  | { readonly type: 'link-down'; readonly link: LinkId; readonly reason: Reason; readonly detail: string }
  /** The link's send buffer is full (true) or has drained (false). */
  | { readonly type: 'link-blocked'; readonly link: LinkId; readonly blocked: boolean }
  /** Answer this request now, as if its time were up: who has its connection stops. */
  | { readonly type: 'release'; readonly request: RequestId; readonly sid: string | undefined }
  /** The client of this session was told, by somebody else, that it is over. */
  | { readonly type: 'end-session'; readonly sid: string }
  /** A session that was made for a page is logged in: a page may claim it until `within` is over, and then it ends. */
  | { readonly type: 'offer'; readonly sid: string; readonly within: Duration }
  /** The operator ends the session or WebSocket with this short name. */
  | { readonly type: 'kick'; readonly session: string }
  /** No new sessions from now on; the ones that are go on. */
  | { readonly type: 'drain' }
  /** Another configuration. Live sessions stay, and keep what they were granted. */
  | { readonly type: 'reconfigure'; readonly config: ManagerConfig }
  /** SIGTERM: every session ends with system-shutdown, no new ones (XEP-0124 §17.2). */
  | { readonly type: 'shutdown' };
