/**
 * Loaded into boshd by `node --import` so that the benchmark can ask it to collect garbage. It leaves an idle IPC channel in
 * the process and changes nothing else; the channel does not keep the process alive.
 */
import type { ProbeCalls } from '../contract.ts';
import { offer } from './calls.ts';
import { collect } from './collect.ts';

offer<ProbeCalls>({ collect });
process.channel?.unref();
