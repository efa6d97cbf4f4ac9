import type { Ask } from './exchange.ts';
import { finding } from './findings.ts';
import type { Finding, FindingCode, Step } from './url-report.ts';

/** What the parts of a check share: the URL, a way to ask, and the report as it grows. */
export class Around {
  readonly url: URL;
  readonly ask: Ask;
  readonly steps: Step[] = [];
  readonly findings: Finding[] = [];
  #server: string | undefined;

  constructor(url: URL, ask: Ask) {
    this.url = url;
    this.ask = ask;
  }

  get server(): string | undefined {
    return this.#server;
  }

  /** The first answer says whose words to use for what is to be changed. */
  learnServer(server: string | undefined): void {
    this.#server ??= server;
  }

  good(name: string, tookMs: number | undefined, text: string): void {
    this.steps.push({ name, good: true, tookMs, text });
  }

  /** A step that went wrong, and what it shows. */
  found(name: string, code: FindingCode, tookMs: number | undefined, text: string): void {
    const found = finding(code, text, this.#server);
    this.steps.push({ name, good: found.level === 'hint', tookMs, text: `${code}: ${text}` });
    this.findings.push(found);
  }
}
