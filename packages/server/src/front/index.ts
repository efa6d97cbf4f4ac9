export { createFront, type Front } from './front.ts';
export type { BoundAddress, Listening } from './listener.ts';
export {
  type CorsOptions,
  FRONT_LIMITS,
  type FrontLimits,
  type FrontOptions,
  frontOptions,
  type ListenAddress,
  SAME_ORIGIN_CORS,
  type TlsMaterial,
} from './options.ts';
export { firstOf, healthPages, type Page, type PageRequest, type Pages } from './reply/pages.ts';
export { FrontError, type FrontErrorCode } from './request/errors.ts';
export type { RecognitionOptions, SecretHeader } from './site/recognition.ts';
export type { SiteOptions } from './site/site.ts';
