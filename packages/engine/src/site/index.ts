export { type AddressPolicy, type AddressVerdict, addressVerdict } from './address-policy.ts';
export type {
  DialPlan,
  DialTarget,
  ForeignTarget,
  ProxyProtocol,
  TlsPolicy,
  TlsVersion,
} from './dial-plan.ts';
export {
  type AdmittedDomain,
  admitDomain,
  type DomainOverride,
  type DomainPolicy,
  type DomainRefusal,
} from './domain-policy.ts';
export {
  CONTINENTS,
  isCountry,
  type Place,
  type Point,
  type Region,
  type RegionChoice,
  rankRegions,
} from './geography/index.ts';
export { type Network, parseAddress, parseNetwork } from './ip-address.ts';
export {
  judgeOrigin,
  type OriginClaim,
  type OriginPolicy,
  type OriginVerdict,
  originPolicy,
  SAME_ORIGIN_ONLY,
} from './origin-policy.ts';
export { type PortVerdict, portVerdict } from './port-policy.ts';
export { admitRoute } from './route-policy.ts';
