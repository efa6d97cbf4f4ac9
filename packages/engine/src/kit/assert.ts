/**
 * Thrown when boshd itself is wrong. What a peer does wrong is never an exception: it is a value with a condition.
 */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
  readonly code = 'ASSERTION_FAILED';
}

/** States what must be true here; a failure is our bug, so it is never caught to carry on. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionFailed(what);
}

/** The end of an exhaustive `switch`: the compiler refuses a case that was forgotten. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected value: ${JSON.stringify(value)}`);
}
