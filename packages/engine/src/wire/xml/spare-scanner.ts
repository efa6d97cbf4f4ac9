import type { Toolbox } from '../../kit/index.ts';
import type { XmlLimits } from './limits.ts';
import { XmlScanner } from './scanner.ts';

/**
 * One scanner that nobody uses just now. A scan nearly always ends in the call that began it, so this one serves every
 * session; a framer has one of its own only while a payload of its stream is unfinished.
 */
let spare: XmlScanner | undefined;

export function takeScanner(limits: XmlLimits, toolbox: Toolbox): XmlScanner {
  const scanner = spare ?? new XmlScanner(limits, toolbox);
  spare = undefined;
  scanner.prepare(limits, toolbox);
  return scanner;
}

export function giveBack(scanner: XmlScanner): void {
  spare = scanner;
}
