import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MeshSubmit } from '../ports.ts';

/** How finely the event loop is watched: one timer of Node's own. */
const SAMPLE_MS = 20;
const REPORT_MS = 1000;

/** Tells the engine once a second how late the event loop is. Answers how to end it. */
export function watchLoopDelay(submit: MeshSubmit): () => void {
  const delays = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  delays.enable();
  const timer = setInterval(() => {
    const meanMs = delays.count === 0 ? 0 : delays.mean / 1e6 - SAMPLE_MS;
    delays.reset();
    submit({ type: 'mesh-load', loopDelayMs: Math.max(0, meanMs) });
  }, REPORT_MS).unref();
  return () => {
    clearInterval(timer);
    delays.disable();
  };
}
