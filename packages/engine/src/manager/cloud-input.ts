import type { ByteString } from '../kit/index.ts';
import type { Incarnation, MeshEvent, Unreached } from '../mesh/index.ts';
import type { Input } from './input.ts';
import type { Output } from './output.ts';

/** What can happen to a member of a cloud, beside what can happen to any connection manager. */
export type CloudInput =
  | Input
  /** Bytes of another member; who it is stands in them. */
  | { readonly type: 'mesh-message'; readonly bytes: ByteString }
  /** A member could not be reached. */
  | { readonly type: 'mesh-unreached'; readonly member: Incarnation; readonly how: Unreached }
  /** What carries the mesh is there, or away. `except`: members that are reached in another way. */
  | { readonly type: 'mesh-link'; readonly isUp: boolean; readonly except: readonly Incarnation[] }
  /** How late the event loop is, in milliseconds: part of the member's load. */
  | { readonly type: 'mesh-load'; readonly loopDelayMs: number }
  /** The own front is about to close: what it holds for others' sessions is to be answered. */
  | { readonly type: 'mesh-release' }
  /** The last word to the other members. */
  | { readonly type: 'mesh-leave' };

/** What can follow, beside what follows in any connection manager. */
export type CloudOutput =
  | Exclude<Output, { type: 'log' }>
  | { readonly type: 'log'; readonly event: Extract<Output, { type: 'log' }>['event'] | MeshEvent }
  /** Bytes for one member. */
  | { readonly type: 'mesh-send'; readonly to: Incarnation; readonly bytes: ByteString }
  /** Bytes for all other members. */
  | { readonly type: 'mesh-announce'; readonly bytes: ByteString };
