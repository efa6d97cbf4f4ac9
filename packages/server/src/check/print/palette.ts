/** How lines are marked and coloured; without colours on what is no terminal. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const sgr = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const plain = (text: string): string => text;

export const COLOURS: Palette = {
  good: sgr(32),
  bad: sgr(31),
  warning: sgr(33),
  faint: sgr(2),
  strong: sgr(1),
};

export const NO_COLOURS: Palette = { good: plain, bad: plain, warning: plain, faint: plain, strong: plain };
