export type { DialPlan, DialTarget, TlsPolicy } from './dial-plan.ts';
