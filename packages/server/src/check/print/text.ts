import type { Advice, EndpointReport, OfferedFeatures, Outcome, Question, Report } from '../report/report.ts';
import type { UrlReport } from '../url/url-report.ts';
import type { Palette } from './palette.ts';

/** Columns of the first words and of the times. */
const WORD_WIDTH = 15;
const TIME_WIDTH = 9;
/** Control characters, and those that turn the direction of writing: what servers say must not move the cursor. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The report for a person at a terminal. */
export function reportText(report: Report, palette: Palette): string {
  const { strong } = palette;
  const title =
    report.asciiDomain === '' || report.asciiDomain === report.domain
      ? report.domain
      : `${report.domain} (${report.asciiDomain})`;
  const blocks = [
    [strong(clean(title))],
    dnsLines(report, palette),
    ...report.endpoints.map((endpoint) => endpointLines(endpoint, palette)),
    startLines(report, palette),
    adviceLines(report.advice, palette),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')}`;
}

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

function dnsLines({ questions, override }: Report, palette: Palette): readonly string[] {
  if (questions.length === 0) return [];
  const width = Math.max(...questions.map(({ name }) => name.length));
  const heading = palette.strong(
    override === undefined ? 'DNS' : `Override of the configuration: ${clean(override)}`,
  );
  return [heading, ...questions.flatMap((question) => questionLines(question, width, palette))];
}

function questionLines(question: Question, width: number, palette: Palette): readonly string[] {
  const { name, tookMs, answers, missing, type } = question;
  const isGood = answers.length > 0;
  // A service without SRV records is no fault: there are two, and the domain itself.
  const mark = isGood ? palette.good('\u2713') : type === 'SRV' ? palette.faint('-') : palette.bad('\u2717');
  const [first = clean(missing ?? 'none'), ...more] = answers.map(clean);
  const time = palette.faint(milliseconds(tookMs).padStart(TIME_WIDTH));
  const head = `  ${mark} ${clean(name).padEnd(width)}${time}`;
  return [
    `${head}  ${isGood ? first : palette.faint(first)}`,
    ...more.map((each) => `${' '.repeat(4 + width + TIME_WIDTH + 2)}${each}`),
  ];
}

function endpointLines(report: EndpointReport, palette: Palette): readonly string[] {
  const { endpoint, host, directTls, outcome, connectMs, tlsMs, featuresMs, tls, features } = report;
  const way = directTls ? 'direct TLS' : report.startTls === 'none' ? 'plain' : 'STARTTLS';
  const line = lineWith(palette);
  const lines = [`${palette.strong(clean(endpoint))} ${palette.faint(`${way}, ${clean(host)}`)}`];
  if (connectMs !== undefined) lines.push(line(true, 'connected', connectMs, ''));
  if (tls !== undefined) {
    const { version, cipher, alpn, certificate } = tls;
    const isTrusted = outcome.status === 'ok' || !outcome.reason.startsWith('tls-');
    const agreed = alpn === undefined ? '' : `, ALPN ${alpn}`;
    lines.push(line(true, 'TLS', tlsMs, clean(`${version}, ${cipher}${agreed}`)));
    const names =
      certificate.names.map((name) => name.replace(/^DNS:/, '')).join(', ') || certificate.subject;
    lines.push(line(isTrusted, 'certificate', undefined, clean(`for ${names}`)));
    lines.push(detailLine(clean(`by ${certificate.issuer}, ${certificate.key}`)));
    lines.push(detailLine(validity(certificate)));
  }
  if (features !== undefined) {
    lines.push(line(features.mechanisms.length > 0, 'features', featuresMs, clean(mechanismText(features))));
    for (const each of offers(features)) lines.push(detailLine(clean(each)));
  }
  if (outcome.status === 'failed') {
    lines.push(
      `  ${palette.bad('\u2717')} ${palette.bad(outcome.reason)}  ${clean(outcome.detail)}`.trimEnd(),
    );
  }
  return lines;
}

const detailLine = (text: string): string => `${' '.repeat(4 + WORD_WIDTH + TIME_WIDTH + 2)}${text}`;

function lineWith({ good, bad, faint }: Palette) {
  return (isGood: boolean, word: string, tookMs: number | undefined, text: string): string => {
    const time =
      tookMs === undefined ? ' '.repeat(TIME_WIDTH) : faint(milliseconds(tookMs).padStart(TIME_WIDTH));
    return `  ${isGood ? good('\u2713') : bad('\u2717')} ${word.padEnd(WORD_WIDTH)}${time}  ${text}`.trimEnd();
  };
}

function failureLine(outcome: Extract<Outcome, { status: 'failed' }>, palette: Palette): string {
  const detail = outcome.detail === '' ? '' : ` ${palette.faint(clean(outcome.detail))}`;
  return `  ${palette.bad('\u2717')} ${palette.bad(outcome.reason)}  ${outcome.text}${detail}`;
}

function validity({ validTo, daysLeft }: { readonly validTo: string; readonly daysLeft: number }): string {
  const day = validTo.slice(0, 10);
  return daysLeft < 0 ? `until ${day}, ${-daysLeft} days ago` : `until ${day}, ${daysLeft} days from now`;
}

function mechanismText({ mechanisms, hiddenMechanisms }: OfferedFeatures): string {
  const hidden = hiddenMechanisms.length === 0 ? '' : ` (not for web clients: ${hiddenMechanisms.join(' ')})`;
  return `SASL ${mechanisms.join(' ') || 'without a usable mechanism'}${hidden}`;
}

function offers({ sasl2, fast, bind2, streamManagement, registration }: OfferedFeatures): readonly string[] {
  const lines = sasl2 === undefined ? [] : [`SASL2 ${sasl2.join(' ')}`];
  if (fast !== undefined) lines.push(`FAST ${fast.join(' ')}`);
  const more = [
    bind2 ? 'Bind 2' : '',
    streamManagement ? 'stream management' : '',
    registration ? 'registration of accounts' : '',
  ].filter((each) => each !== '');
  return more.length === 0 ? lines : [...lines, more.join(', ')];
}

function startLines({ start, domain }: Report, palette: Palette): readonly string[] {
  const { outcome, tookMs, endpoint, secure } = start;
  const line = lineWith(palette);
  const heading = palette.strong('What a session meets');
  if (outcome.status === 'failed') {
    return [
      heading,
      failureLine(outcome, palette),
      '',
      palette.bad(palette.strong(`${clean(domain)} can not be reached.`)),
    ];
  }
  const how = `${clean(endpoint ?? '')}${secure ? '' : ', without TLS'}`;
  return [
    heading,
    line(true, 'stream ready', tookMs, how),
    '',
    palette.good(palette.strong(`${clean(domain)} works.`)),
  ];
}

function adviceLines(advice: readonly Advice[], { bad, warning, faint }: Palette): readonly string[] {
  const colour = { problem: bad, warning, hint: faint };
  const word = { problem: 'Fix', warning: 'Warning', hint: 'Hint' };
  return advice.map(({ level, text }) => `${colour[level](`${word[level]}:`)} ${clean(text)}`);
}

function milliseconds(ms: number): string {
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function clean(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}
