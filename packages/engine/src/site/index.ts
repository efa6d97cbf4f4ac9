export type { DialPlan, DialTarget, TlsPolicy } from './dial-plan.ts';
export {
  judgeOrigin,
  type OriginClaim,
  type OriginPolicy,
  type OriginVerdict,
  originPolicy,
  SAME_ORIGIN_ONLY,
} from './origin-policy.ts';
