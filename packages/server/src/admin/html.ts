/** Text that is markup already; everything else is escaped where it is put in. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Markup | readonly Markup[];

/** Markup with values in it: strings are escaped, numbers are written with separators of thousands. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + textOf(values[index - 1]) + part));
}

export const NOTHING_TO_SHOW = new Markup('');

/** A table with a caption; on a narrow screen each row becomes a block that names its cells. No rows: nothing. */
export function table(
  id: string,
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Markup {
  if (rows.length === 0) return NOTHING_TO_SHOW;
  const kindOf = (column: number) => (typeof rows[0]?.[column] === 'number' ? 'number' : 'text');
  const headCells = head.map(
    (text, column) => html`<th scope="col" role="columnheader" class="${kindOf(column)}">${text}</th>`,
  );
  const lines = rows.map((row) => {
    const cells = row.map(
      (cell, column) =>
        html`<td role="cell" class="${kindOf(column)}" data-name="${head[column] ?? ''}">${cell}</td>`,
    );
    return html`<tr role="row">${cells}</tr>`;
  });
  return html`<section id="${id}" class="sheet"><h2>${caption}</h2><table role="table"><thead role="rowgroup"><tr role="row">${headCells}</tr></thead><tbody role="rowgroup">${lines}</tbody></table></section>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function textOf(value: Value | undefined): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'number') return value.toLocaleString('en');
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
  return value.map(({ text }) => text).join('');
}
