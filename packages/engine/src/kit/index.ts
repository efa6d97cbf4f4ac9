export { AssertionFailed, assert, unreachable } from './assert.ts';
export { ascii, type ByteString, compact, detached, EMPTY, join } from './bytes.ts';
export { parseDateTime } from './date-time.ts';
export { appended } from './list.ts';
export {
  type Bucket,
  fullBucket,
  isEnough,
  type Rate,
  refill,
  secondsUntilOne,
  spend,
  takeOne,
} from './rate.ts';
export { fault, ok, type Result } from './result.ts';
export {
  after,
  between,
  type Duration,
  earlier,
  type Instant,
  instantOf,
  millis,
  seconds,
  shorter,
} from './time.ts';
export { type Timed, TimerTable } from './timers.ts';
export type { Toolbox } from './toolbox.ts';
export { type Work, WorkList } from './work-list.ts';
