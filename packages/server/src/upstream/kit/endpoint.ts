/** An address and port, and whether TLS is part of connecting. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly isDirectTls: boolean;
  /** The operator named it: the address policy says nothing about it. */
  readonly isOperators: boolean;
}

/** As `192.0.2.1:5222` or `[2001:db8::1]:5222`. */
export function endpointText({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
