export type { DemoAccount } from './domain/accounts.ts';
export type { DemoLimits } from './domain/limits.ts';
export { type DemoPage, type DemoPagesOptions, demoPages } from './pages.ts';
export {
  DEMO_ACCOUNTS,
  DEMO_DOMAIN,
  type DemoServer,
  type DemoServerOptions,
  startDemoServer,
} from './stream/server.ts';
