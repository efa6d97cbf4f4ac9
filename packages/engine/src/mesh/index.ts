export {
  type ForwardedReply,
  type ForwardedRequest,
  forwardedIn,
  INCARNATION_DIGITS,
  type Incarnation,
  isIncarnation,
  type MemberFacts,
  senderOf,
} from './codec/index.ts';
export { DEFAULT_MESH_LIMITS, type MeshLimits } from './limits.ts';
export { Mesh } from './mesh.ts';
export type { MeshIdentity } from './self.ts';
export { hexOf } from './sid.ts';
export type { MemberView, MeshSnapshot, PlacementView } from './snapshot.ts';
export type { GoneWhy, MeshEvent, MeshWork, Refusal, Unreached } from './work.ts';
