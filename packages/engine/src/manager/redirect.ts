import type { Toolbox } from '../kit/index.ts';
import type { ForeignTarget } from '../site/index.ts';
import { NS, type Payload, readElement, type XmlElement } from '../wire/index.ts';

/** An error of more bytes than this is no redirect; a host has 253 at most. */
const ERROR_BYTES_MAX = 4096;
const PORT_MAX = 65_535;

/** A host, or an IPv6 literal in brackets, and perhaps a port (RFC 6120 §4.9.3.19). */
const HOST_AND_PORT = /^(?:\[([0-9a-f:.]{2,45})\]|([\p{L}\p{N}_.-]{1,253}))(?::(\d{1,5}))?$/iu;

/** Whether a stream error is a redirect. */
export function isRedirect(error: Payload | undefined, toolbox: Toolbox): boolean {
  return error !== undefined && otherHost(error, toolbox) !== undefined;
}

/** Where a see-other-host leads; undefined when it is none, or names nothing that can be dialled. */
export function redirectTarget(error: Payload, toolbox: Toolbox): ForeignTarget | undefined {
  const match = HOST_AND_PORT.exec(otherHost(error, toolbox) ?? '');
  const [, literal, name, port] = match ?? [];
  const host = literal ?? name;
  if (host === undefined) return undefined;
  if (port === undefined) return { host, port: undefined, isForeign: true };
  const number = Number(port);
  return number >= 1 && number <= PORT_MAX ? { host, port: number, isForeign: true } : undefined;
}

/** Whether the server says that it is being stopped (RFC 6120 §4.9.3.20): it may be back soon. */
export function isShutdown(error: Payload, toolbox: Toolbox): boolean {
  return conditionOf(error, 'system-shutdown', toolbox) !== undefined;
}

function otherHost(error: Payload, toolbox: Toolbox): string | undefined {
  return conditionOf(error, 'see-other-host', toolbox)?.text.trim();
}

function conditionOf(error: Payload, condition: string, toolbox: Toolbox): XmlElement | undefined {
  if (error.bytes.length > ERROR_BYTES_MAX) return undefined;
  const { children } = readElement(error.bytes, toolbox);
  return children.find(({ namespace, name }) => namespace === NS.streamErrors && name === condition);
}
