import type { ByteString } from '../kit/index.ts';
import type { ForwardedReply, ForwardedRequest, Incarnation } from './codec/index.ts';

/** What follows for the member from what its mesh was told, in order. */
export type MeshWork =
  | { readonly type: 'send'; readonly to: Incarnation; readonly bytes: ByteString }
  | { readonly type: 'announce'; readonly bytes: ByteString }
  /** A request of the own front was answered by its owner. */
  | {
      readonly type: 'answer';
      readonly request: number;
      readonly reply: ForwardedReply;
      /** The name of the owner, where the request was a creation. */
      readonly createdAt: string | undefined;
    }
  | { readonly type: 'drop'; readonly request: number }
  /**
   * The mesh answers a request itself. `unknown`: no such session. `over`: its owner is gone. `unavailable`: nobody knows
   * now, the client should try again.
   */
  | { readonly type: 'refuse'; readonly request: number; readonly because: Refusal }
  /** A creation request comes back: the member that it was sent to is dead. It is made here. */
  | { readonly type: 'create'; readonly request: number; readonly forwarded: ForwardedRequest }
  /** A request of the own front for a session that was another member's, and that this one continues. */
  | { readonly type: 'own'; readonly request: number; readonly forwarded: ForwardedRequest }
  /** A request of another member, by the number it has here. */
  | { readonly type: 'guest'; readonly request: number; readonly forwarded: ForwardedRequest }
  | {
      readonly type: 'guest-aborted' | 'guest-reply-lost' | 'guest-reply-in-doubt' | 'guest-released';
      readonly request: number;
      readonly sid: string | undefined;
    }
  /** Another member told the client of this session that it is over. */
  | { readonly type: 'end-session'; readonly sid: string }
  | { readonly type: 'log'; readonly event: MeshEvent };

export type Refusal = 'unknown' | 'over' | 'unavailable';

/** What the transport says of a member that it could not reach. */
export type Unreached =
  /** The connection to its process was closed by the system: a proof. */
  | 'closed'
  /** Nobody takes its messages: believed when it is said twice. */
  | 'no-responders';

/** What is worth a line in the log. */
export type MeshEvent =
  | {
      readonly event: 'member-joined' | 'member-suspected' | 'member-back';
      readonly member: string;
      readonly incarnation: Incarnation;
      readonly region: string;
    }
  | {
      readonly event: 'member-gone';
      readonly member: string;
      readonly incarnation: Incarnation;
      readonly region: string;
      readonly why: GoneWhy;
      /** Requests that waited for it here. */
      readonly requests: number;
    }
  | { readonly event: 'member-id-twice'; readonly member: string }
  /** The process of the member is gone, and another one, `by`, goes on with its sessions. */
  | { readonly event: 'member-continued'; readonly member: string; readonly by: string }
  /** Only of sessions that did not stay where their creation request came. */
  | {
      readonly event: 'session-placed';
      readonly member: string;
      readonly region: string;
      readonly why: string;
    }
  | { readonly event: 'mesh-message-refused'; readonly bytes: number }
  | { readonly event: 'mesh-link'; readonly isUp: boolean }
  /** What carries the mesh has something to say. */
  | { readonly event: 'mesh-note'; readonly detail: string }
  /** This process did not run for a while, and asks what was told of its sessions meanwhile. */
  | { readonly event: 'member-stalled'; readonly stalledMs: number };

/** Why a member's sessions are taken for over. */
export type GoneWhy = 'closed' | 'no-responders' | 'newer-incarnation' | 'left' | 'lease';
