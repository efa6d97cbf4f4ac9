export {
  ALL_REASONS,
  type Reason,
  reasonFacts,
  SKIP_CODES,
  type SkipCode,
  skippedFacts,
} from '../reasons.ts';
export { addressGroup } from './admission/address-group.ts';
export type { AdmissionLimits } from './admission/limits.ts';
export { DEFAULT_ADMISSION_LIMITS } from './admission/limits.ts';
export type { BoshClient } from './bosh-client.ts';
export type { CloudInput, CloudOutput } from './cloud-input.ts';
export { CloudManager } from './cloud-manager.ts';
export type { ManagerConfig, SitePolicy } from './config.ts';
export { planDial } from './dialling.ts';
export type { Input, LinkId, RequestId } from './input.ts';
export type { ForgetOutput, KeepOutput, Kept, Survival } from './kept.ts';
export { ConnectionManager } from './manager.ts';
export type { LogEvent, Output, Reply } from './output.ts';
export type { SeeOther } from './see-other.ts';
export type { Site, SiteTraffic } from './sites.ts';
export type { SocketInput, SocketOutput } from './socket-input.ts';
export type { NextDial } from './start.ts';
export type { Milestone } from './story.ts';
export type { WebSocketClient } from './websocket-client.ts';
