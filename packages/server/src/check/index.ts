export { type CheckParts, checkDomain } from './check.ts';
export { COLOURS, NO_COLOURS } from './print/palette.ts';
export { reportText, urlReportText } from './print/text.ts';
export type { Report } from './report/report.ts';
export { checkUrl } from './url/check-url.ts';
export type { FindingCode, UrlReport } from './url/url-report.ts';
