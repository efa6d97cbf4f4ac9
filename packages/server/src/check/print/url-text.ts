import type { UrlReport } from '../url/url-report.ts';
import type { Palette } from './palette.ts';
import { clean, lineWith } from './text.ts';

/** The report on a URL for a person at a terminal. */
export function urlReportText(report: UrlReport, palette: Palette): string {
  const { url, steps, findings, wait, works } = report;
  const { strong, good, bad, warning, faint } = palette;
  const line = lineWith(palette);
  const colour = { problem: bad, warning, hint: faint };
  const word = { problem: 'Fix', warning: 'Warning', hint: 'Hint' };
  const verdict = works ? good(strong(`${clean(url)} works.`)) : bad(strong('Web clients do not work here.'));
  const lines = [
    strong(clean(url)),
    ...steps.map(({ name, good: isGood, tookMs, text }) => line(isGood, name, tookMs, clean(text))),
    '',
    verdict,
    ...(wait.advised === undefined ? [] : [`A wait of ${wait.advised} s is safe here.`]),
    ...findings.flatMap(({ level, code, text, fix }) => [
      `${colour[level](`${word[level]}:`)} ${code}: ${clean(text)}.`,
      `     ${clean(fix)}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
