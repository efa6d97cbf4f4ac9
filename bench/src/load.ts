/** The load process: clients of the server under test. It does one job at a time and keeps idle sessions between jobs. */
import type { LoadCalls } from './contract.ts';
import { echo } from './load/echo.ts';
import { idle, leave, listen } from './load/idle.ts';
import { logins } from './load/logins.ts';
import { storm } from './load/storm.ts';
import { offer } from './run/calls.ts';

offer<LoadCalls>({ echo, login: logins, storm, idle, listen, leave });
