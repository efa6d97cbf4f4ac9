// The part of xmpp.js that the tests use; the package brings no types.
declare module '@xmpp/client' {
  export interface XmlNode {
    readonly name: string;
    readonly attrs: Readonly<Record<string, string>>;
    is(name: string): boolean;
    getChild(name: string): XmlNode | undefined;
    getChildText(name: string): string | null;
    toString(): string;
  }

  export interface Client {
    on(event: 'stanza', listener: (stanza: XmlNode) => void): void;
    on(event: 'send', listener: (element: XmlNode) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    start(): Promise<{ toString(): string }>;
    stop(): Promise<unknown>;
    send(stanza: XmlNode): Promise<void>;
    readonly streamManagement: { on(event: 'resumed', listener: () => void): void };
  }

  export function client(options: {
    service: string;
    domain: string;
    resource?: string;
    username?: string;
    password?: string;
  }): Client;

  export function xml(
    name: string,
    attributes?: Readonly<Record<string, string>>,
    ...children: readonly (XmlNode | string)[]
  ): XmlNode;
}

declare module '@xmpp/xml/lib/Parser.js' {
  export default class Parser {
    on(event: 'element', listener: (element: unknown) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    write(text: string): void;
  }
}
