export { type Bindings, VERSION, VERSION_MIN, type Why } from './facts.ts';
export { FrameAssembly } from './frame-assembly.ts';
export { FrameWriter } from './frame-writer.ts';
export { type Connecting, readOrders, type WorkerOrder, writeOrder } from './orders.ts';
export { type AnchorReport, type LinkState, readReports, writeData, writeReport } from './reports.ts';
export { Writer } from './writer.ts';
