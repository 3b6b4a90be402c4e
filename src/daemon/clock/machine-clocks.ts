/** The clocks of this machine, as `ArrivalClock` reads them. */
import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { MachineClocks } from './arrival-clock.ts';

export const machineClocks: MachineClocks = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
  uptimeMs: () => uptime() * 1_000,
};
