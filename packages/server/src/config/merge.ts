import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ConfigFile } from './file.ts';
import { ALL_KEYS, ANY_NAME, type Key, TOP_KEYS } from './keys.ts';
import { type ConfigProblem, formatPath } from './problems.ts';
import type { Setting } from './settings.ts';

export type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy in which a group without anything below it is empty: in a file all its keys may be commented out. */
function withEmptyGroups(tree: unknown, keys: readonly Key[]): unknown {
  if (!isTree(tree)) return tree;
  const entries = Object.entries(tree).map(([name, value]) => {
    const key = keys.find(({ path }) => path.at(-1) === name);
    if (key?.facts.kind === 'group') return [name, withEmptyGroups(value ?? {}, key.children)];
    if (key?.facts.kind !== 'map' || key.children.length === 0 || !isTree(value)) return [name, value];
    const items = Object.entries(value).map(([item, its]) => [item, withEmptyGroups(its, key.children)]);
    return [name, Object.fromEntries(items)];
  });
  return Object.fromEntries(entries);
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** A file's keys with the settings laid over them, not checked yet; it knows where each value came from. */
export class MergedTree {
  readonly tree: unknown;
  readonly #file: ConfigFile | undefined;
  /** The variable or flag that set a key, by the key's path. */
  readonly #setBy = new Map<string, string>();

  constructor(file: ConfigFile | undefined) {
    this.#file = file;
    this.tree = withEmptyGroups(structuredClone(file?.tree ?? {}), TOP_KEYS);
  }

  apply({ key, value, where }: Setting): void {
    let branch = this.tree;
    for (const [index, name] of key.path.entries()) {
      // A file with a scalar where a group should be: the schema says so.
      if (!isTree(branch)) return;
      if (index === key.path.length - 1) branch[name] = value;
      else branch = branch[name] ??= {};
    }
    this.#setBy.set(key.path.join('.'), where);
  }

  /** Says where the value at a path was set; `ofKey`: where its name stands. */
  locate(path: readonly PropertyKey[], ofKey = false): string {
    return this.#setting(path) ?? this.#file?.locate(path, ofKey) ?? formatPath(path);
  }

  /**
   * Makes the names of files absolute, those in the configuration file relative to it, and returns the ones that
   * cannot be read.
   */
  resolveFiles(): readonly ConfigProblem[] {
    const problems: ConfigProblem[] = [];
    const visit = (branch: unknown, rest: readonly string[], path: readonly string[]): void => {
      const [first, ...below] = rest;
      if (first === undefined || !isTree(branch)) return;
      for (const name of first === ANY_NAME ? Object.keys(branch) : [first]) {
        const value = branch[name];
        const here = [...path, name];
        if (below.length > 0) visit(value, below, here);
        else if (typeof value === 'string') {
          branch[name] = this.#resolved(value, here);
          if (!isReadable(String(branch[name]))) problems.push(this.#unreadable(String(branch[name]), here));
        }
      }
    };
    for (const { path, facts } of ALL_KEYS) if (facts.kind === 'file') visit(this.tree, path, []);
    return problems;
  }

  #setting(path: readonly PropertyKey[]): string | undefined {
    return path
      .map((_, index) => this.#setBy.get(path.slice(0, index + 1).join('.')))
      .find((where) => where !== undefined);
  }

  #resolved(name: string, path: readonly string[]): string {
    const isOfFile = this.#setting(path) === undefined && this.#file !== undefined;
    return resolve(isOfFile ? dirname(this.#file?.name ?? '') : '.', name);
  }

  #unreadable(name: string, path: readonly string[]): ConfigProblem {
    return {
      code: 'unreadable',
      where: this.locate(path),
      path: formatPath(path),
      what: `names ${name}, which cannot be read`,
      fix: 'check the path and its permissions',
    };
  }
}
