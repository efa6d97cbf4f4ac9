/** Lines of a configuration. */
export type Lines = readonly string[];

/** What stands in a list only on a condition. */
export function when(condition: boolean, ...lines: Lines): Lines {
  return condition ? lines : [];
}

/** A step further in; empty lines stay empty. */
export function indent(lines: Lines, by = '    '): Lines {
  return lines.map((line) => (line === '' ? '' : `${by}${line}`));
}

/** `head {`, the lines, `}`. */
export function block(head: string, body: Lines, by = '    '): Lines {
  return [`${head} {`, ...indent(body, by), '}'];
}

/** A section: its head, its lines a step further in. */
export function section(head: string, body: Lines, by = '    '): Lines {
  return [head, ...indent(body, by)];
}

/** Each line behind a number sign. */
export function comment(...lines: Lines): Lines {
  return lines.map((line) => (line === '' ? '#' : `# ${line}`));
}

/** The whole text: the parts, an empty line between them. */
export function document(...parts: readonly Lines[]): string {
  const filled = parts.filter((part) => part.length > 0);
  return `${filled.map((part) => part.join('\n')).join('\n\n')}\n`;
}

/** What every configuration says of itself. */
export interface Header {
  readonly server: string;
  /** `nginx 1.18 and later (tried with 1.22.1)` */
  readonly versions: string;
  /** Where the text belongs, and how it is checked and taken into use; one line each. */
  readonly install: Lines;
  /** What this server can not do, or what else the operator must know. */
  readonly notes: Lines;
}

/** Of a proxy in front of boshd's own members. */
export function clusterHeader(header: Header): Lines {
  const trust =
    'boshd takes the address of a client from it once its own address stands under trustedProxies there.';
  const notes = [...header.notes, trust];
  return headerComment('The BOSH and WebSocket URLs of boshd', { ...header, notes });
}

export function headerComment(purpose: string, { server, versions, install, notes }: Header): Lines {
  return comment(
    `${purpose}, behind ${server}.`,
    `Made by "boshd proxy-config ${server.toLowerCase()}" for ${versions}.`,
    '',
    ...install,
    ...when(notes.length > 0, ''),
    ...notes,
  );
}
