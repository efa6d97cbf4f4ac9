import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fault, ok, type Result } from '@boshd/engine/kit';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ConfigProblem } from './problems.ts';

/** Larger than any configuration, small enough to be read by mistake (a log file, a disk image). */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** A configuration file, parsed but not checked. */
export interface ConfigFile {
  readonly name: string;
  /** What it says: plain objects, lists and scalars. */
  readonly tree: unknown;
  /** `name:line:column` of the value at the path (or of its key); of the file where it says nothing of it. */
  locate(path: readonly PropertyKey[], ofKey: boolean): string;
}

function problem(
  code: ConfigProblem['code'],
  where: string,
  what: string,
  fix: string,
): readonly ConfigProblem[] {
  return [{ code, where, path: '', what, fix }];
}

function readText(name: string): Result<string, readonly ConfigProblem[]> {
  try {
    const handle = openSync(name, 'r');
    try {
      const stat = fstatSync(handle);
      if (stat.isDirectory()) return fault(problem('unreadable', name, 'is a directory', 'name a file'));
      if (stat.size > FILE_BYTES_MAX) {
        return fault(problem('unreadable', name, 'is larger than 4 MiB', 'name a configuration file'));
      }
      return textOf(name, readFileSync(handle));
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const whats: Record<string, string> = {
      ENOENT: 'does not exist',
      EACCES: 'may not be read by this user',
    };
    const what = whats[code] ?? `cannot be read (${code})`;
    return fault(problem('unreadable', name, what, 'check the path and its permissions'));
  }
}

/** Windows' editors write UTF-16, and a mark in front of UTF-8, which is no part of the text. */
function textOf(name: string, bytes: Buffer): Result<string, readonly ConfigProblem[]> {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16 || bytes.includes(0)) {
    const what = isUtf16 ? 'is in UTF-16' : 'has zero bytes, so it is no text in UTF-8';
    return fault(problem('unreadable', name, what, 'save it as UTF-8'));
  }
  if (!isUtf8(bytes)) return fault(problem('unreadable', name, 'is not in UTF-8', 'save it as UTF-8'));
  return ok(bytes.toString('utf8').replace(/^\ufeff/, ''));
}

/** The place of a value, or of its key, as an offset into the text; the nearest one above where there is none. */
function offsetOf(document: Document, path: readonly PropertyKey[], ofKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, name] of path.entries()) {
    const isLast = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(name));
      if (pair === undefined) return offset;
      const target = (isLast && ofKey) || !isNode(pair.value) ? pair.key : pair.value;
      if (isNode(target)) offset = target.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(name)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}

/** Parses YAML, and JSON, which is YAML too. */
export function parseConfigText(name: string, text: string): Result<ConfigFile, readonly ConfigProblem[]> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const whereIs = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${name}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const second = document.errors.find(({ code }) => code === 'MULTIPLE_DOCS');
  if (second !== undefined) {
    const what = 'begins a second YAML document (---), of which nothing would count';
    return fault(problem('syntax', whereIs(second.pos[0]), what, 'write everything into one document'));
  }
  if (document.errors.length > 0) {
    return fault(
      document.errors.flatMap((error) =>
        problem('syntax', whereIs(error.pos[0]), `is not YAML or JSON: ${error.message}`, 'correct it there'),
      ),
    );
  }
  if (document.contents !== null && !isMap(document.contents)) {
    return fault(problem('syntax', `${name}:1:1`, 'has no keys at its top', 'write keys, such as listen:'));
  }
  try {
    const tree: unknown = document.toJS() ?? {};
    return ok({ name, tree, locate: (path, ofKey) => whereIs(offsetOf(document, path, ofKey)) });
  } catch (error) {
    const unknown = error instanceof ReferenceError ? /: ([^:]+)$/.exec(error.message)?.[1] : undefined;
    if (unknown !== undefined) {
      const what = `uses the alias *${unknown}, for which there is no anchor &${unknown} before it`;
      return fault(problem('syntax', name, what, 'write the anchor, or quote the value if it is no alias'));
    }
    // The parser refuses aliases that multiply themselves.
    return fault(problem('syntax', name, 'uses too many aliases', 'write the values out'));
  }
}

/** Reads and parses a file. */
export function readConfigFile(name: string): Result<ConfigFile, readonly ConfigProblem[]> {
  const text = readText(name);
  return text.ok ? parseConfigText(name, text.value) : text;
}
