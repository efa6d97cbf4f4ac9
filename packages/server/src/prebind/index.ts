export { Prebind } from './prebind.ts';
