export type { Input, LinkId, RequestId } from './input.ts';
export type { LogEvent, Output, Reply } from './output.ts';
export { ALL_REASONS, type Reason, reasonFacts } from './reasons.ts';
