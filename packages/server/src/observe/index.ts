export { COUNTERS, type Counter, CounterTable, type DescribedSeries, type Series } from './counters.ts';
export { createLogger, type LogFields, type Logger, type LoggerOptions, type LogSink } from './logger.ts';
export { createObserve, type Observe, type ObserveOptions } from './observe.ts';
export { ofWorker } from './of-worker.ts';
export { RecentEnds, type SessionEnd } from './recent-ends.ts';
export { escapeControls } from './text-line.ts';
