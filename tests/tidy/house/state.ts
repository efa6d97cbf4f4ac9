import { posix } from 'node:path';
import { type Node, walk } from '../source.ts';
import { type Graph, productOf } from './graph.ts';
import { type DeclaredType, isNode, nameOf, typesOf } from './types.ts';

/** Fields may be nested so deep. */
const DEPTH_MAX = 8;

interface Field {
  /** `management.sent`, from the value. */
  readonly name: string;
  /** The file of the type that has it. */
  readonly path: string;
}

/**
 * Fields of a value of the engine that may be assigned, with those of the values in it that are of the same part. What is in a list
 * or map is not counted: it is a value of its own.
 */
export function assignedFields(graph: Graph, type: string): readonly Field[] {
  const home = folderOf(type);
  const types = typesOf(graph, 'engine').filter(({ path }) => path.startsWith(home));
  const of = (name: string, from: string) =>
    nearest(
      types.filter((each) => each.name === name),
      from,
    );
  const root = of(type, `${home}${type.toLowerCase()}.ts`);
  const fields = root === undefined ? [] : fieldsOf(root, of, '', 0);
  // What several members of a union have in common is one field.
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

const folderOf = (type: string): string => `packages/engine/src/${type.toLowerCase()}/`;

type Find = (name: string, from: string) => DeclaredType | undefined;

function fieldsOf({ node, path }: DeclaredType, find: Find, prefix: string, depth: number): readonly Field[] {
  if (depth > DEPTH_MAX) return [];
  const own = propertiesOf(node).flatMap((property) => {
    const key: unknown = Reflect.get(property, 'key');
    const name = `${prefix}${nameOf(key)}`;
    const itself = Reflect.get(property, 'readonly') === true ? [] : [{ name, path }];
    const inner = referencesIn(Reflect.get(property, 'typeAnnotation'))
      .map((each) => find(each, path))
      .filter((each) => each !== undefined && each.node !== node);
    return [
      ...itself,
      ...inner.flatMap((each) => (each === undefined ? [] : fieldsOf(each, find, `${name}.`, depth + 1))),
    ];
  });
  const members = membersOf(node)
    .map((each) => find(each, path))
    .filter((each) => each !== undefined && each.node !== node);
  return [
    ...own,
    ...members.flatMap((each) => (each === undefined ? [] : fieldsOf(each, find, prefix, depth + 1))),
  ];
}

/** Names of the types of which an alias is the union or the intersection. */
function membersOf(node: Node): readonly string[] {
  const type: unknown = Reflect.get(node, 'typeAnnotation');
  const isOf = isNode(type) && (type.type === 'TSUnionType' || type.type === 'TSIntersectionType');
  return isOf ? referencesIn(type) : [];
}

/** Properties of an interface, a type or a class; of a union those of all its members. */
function propertiesOf(node: Node): readonly Node[] {
  const found: Node[] = [];
  const take = (value: unknown): void => {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (!isNode(each)) continue;
      if (each.type === 'TSPropertySignature' || each.type === 'PropertyDefinition') found.push(each);
      else if (each.type === 'TSUnionType' || each.type === 'TSIntersectionType')
        take(Reflect.get(each, 'types'));
      else if (each.type === 'TSParenthesizedType') take(Reflect.get(each, 'typeAnnotation'));
      else if (each.type === 'TSTypeLiteral') take(Reflect.get(each, 'members'));
      else if (each.type === 'TSInterfaceBody' || each.type === 'ClassBody') take(Reflect.get(each, 'body'));
    }
  };
  take(Reflect.get(node, 'body') ?? Reflect.get(node, 'typeAnnotation'));
  return found;
}

/** Names of types that a value of this one is, not of those that it has in lists. */
function referencesIn(annotation: unknown): readonly string[] {
  if (!isNode(annotation)) return [];
  switch (annotation.type) {
    case 'TSTypeAnnotation':
    case 'TSParenthesizedType':
      return referencesIn(Reflect.get(annotation, 'typeAnnotation'));
    case 'TSTypeReference':
      return [nameOf(Reflect.get(annotation, 'typeName'))];
    case 'TSUnionType':
    case 'TSIntersectionType': {
      const members: unknown = Reflect.get(annotation, 'types');
      return Array.isArray(members) ? members.flatMap(referencesIn) : [];
    }
    default:
      return [];
  }
}

/** Of several types of that name the one whose file is in the same folder, or next to it. */
function nearest(types: readonly DeclaredType[], from: string): DeclaredType | undefined {
  const shared = ({ path }: DeclaredType) => {
    const [one, other] = [path.split('/'), from.split('/')];
    return one.findIndex((part, place) => part !== other[place]);
  };
  return [...types].sort((one, other) => shared(other) - shared(one))[0];
}

/**
 * Files that assign fields of a value beside the one that declares them: one line for each field and file. Told by the names of
 * fields, within the folder of the value.
 */
export function foreignWriters(graph: Graph, type: string): readonly string[] {
  const fields = assignedFields(graph, type);
  const folder = folderOf(type);
  const homes = new Map<string, Set<string>>();
  for (const { name, path } of fields) {
    const last = name.slice(name.lastIndexOf('.') + 1);
    homes.set(last, (homes.get(last) ?? new Set()).add(path));
  }
  return productOf(graph, 'engine').flatMap(({ path, source }) => {
    if (!path.startsWith(folder)) return [];
    const written = new Set<string>();
    walk(source.program, (node) => {
      const name = assignedIn(node);
      if (name !== undefined && homes.get(name)?.has(path) === false) written.add(name);
    });
    return [...written].map((name) => `${name} in ${posix.relative(folder, path)}`);
  });
}

function assignedIn(node: Node): string | undefined {
  const isAssignment = node.type === 'AssignmentExpression' || node.type === 'UpdateExpression';
  const target: unknown = isAssignment
    ? (Reflect.get(node, 'left') ?? Reflect.get(node, 'argument'))
    : undefined;
  if (!isNode(target) || target.type !== 'MemberExpression') return undefined;
  const isThis = Reflect.get(Object(Reflect.get(target, 'object')), 'type') === 'ThisExpression';
  return isThis ? undefined : nameOf(Reflect.get(target, 'property'));
}
