/** A key that is shorter could be guessed. */
const KEY_CHARACTERS_MIN = 32;

/** The keys in the text of cluster.keysFile: one a line. */
export function clusterKeysIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What is wrong with it; undefined: nothing. */
export function clusterKeysFault(text: string): string | undefined {
  const keys = clusterKeysIn(text);
  return keys.length === 0 || keys.some((each) => each.length < KEY_CHARACTERS_MIN)
    ? `must have one key a line, each of ${KEY_CHARACTERS_MIN} characters at least`
    : undefined;
}
