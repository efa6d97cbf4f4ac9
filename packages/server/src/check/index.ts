export { type CheckParts, checkDomain } from './check.ts';
export { COLOURS, NO_COLOURS } from './print/palette.ts';
export { reportText } from './print/text.ts';
export type { Report } from './report.ts';
