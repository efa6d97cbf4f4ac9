export type { AdmissionLimits, ManagerConfig, SitePolicy } from './config.ts';
export { DEFAULT_ADMISSION_LIMITS } from './config.ts';
export type { Input, LinkId, RequestId } from './input.ts';
export { ConnectionManager } from './manager.ts';
export type { LogEvent, Output, Reply } from './output.ts';
export { ALL_REASONS, type Reason, reasonFacts } from './reasons.ts';
export type { Slot } from './slot.ts';
export type { SeeOther } from './start/see-other.ts';
export type { NextDial } from './start/start.ts';
