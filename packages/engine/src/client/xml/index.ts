export { type XmlContent, XmlNode, xml } from './node.ts';
export { type ClientPayload, payloadsOf, readDocument, readXml } from './read.ts';
export { escapeAttribute, escapeText, type ForbiddenCharacter, forbiddenCharacter } from './text.ts';
