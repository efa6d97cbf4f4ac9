/** Stable names of what can keep the front from starting. */
export type FrontErrorCode =
  /** Another process has the address and port. */
  | 'LISTEN_ADDRESS_IN_USE'
  /** The machine has no such address. */
  | 'LISTEN_ADDRESS_UNAVAILABLE'
  /** The system does not let this user have the port. */
  | 'LISTEN_NOT_PERMITTED'
  | 'LISTEN_FAILED'
  /** Sockets of systemd were to be used, and it passed none. */
  | 'NO_SOCKETS_PASSED'
  /** The certificate or the key can not be read, or they are not a pair. */
  | 'TLS_MATERIAL_UNUSABLE'
  /** An option contradicts another, or is not what its documentation says. */
  | 'OPTION_UNUSABLE';

/** Thrown by `createFront` and `listen`; `cause` is the system's own error where there is one. */
export class FrontError extends Error {
  override readonly name = 'FrontError';
  readonly code: FrontErrorCode;

  constructor(code: FrontErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The system's code of an error (`EADDRINUSE`, `HPE_INVALID_METHOD`), where it has one. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
