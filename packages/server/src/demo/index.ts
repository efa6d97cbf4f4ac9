export type { DemoAccount } from './domain/accounts.ts';
export {
  DEMO_ACCOUNTS,
  DEMO_DOMAIN,
  type DemoServer,
  type DemoServerOptions,
  startDemoServer,
} from './domain/server.ts';
