import { ascii } from '@boshd/engine/kit';
import { readElement } from '@boshd/engine/wire';
import { describe, expect, test } from 'vitest';
import { nodeToolbox } from '../toolbox.ts';
import { offeredFeatures, startTlsOf } from './features.ts';

const featuresOf = (inside: string) =>
  readElement(ascii(`<stream:features>${inside}</stream:features>`), nodeToolbox());

const mechanisms = (...names: readonly string[]): string =>
  names.map((name) => `<mechanism>${name}</mechanism>`).join('');

describe('what is offered', () => {
  test('of SASL 1, with what a web client can not use', () => {
    const sasl = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${mechanisms('SCRAM-SHA-1-PLUS', 'EXTERNAL', 'PLAIN')}</mechanisms>`;
    expect(offeredFeatures(featuresOf(sasl), false)).toMatchObject({
      mechanisms: ['PLAIN'],
      hiddenMechanisms: ['SCRAM-SHA-1-PLUS', 'EXTERNAL'],
      sasl2: undefined,
      fast: undefined,
    });
    expect(offeredFeatures(featuresOf(sasl), true).mechanisms).toEqual(['EXTERNAL', 'PLAIN']);
  });

  test('of SASL2 with what stands inline (XEP-0388, XEP-0386, XEP-0484, XEP-0198)', () => {
    const inline = `<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind>
      <fast xmlns='urn:xmpp:fast:0'>${mechanisms('HT-SHA-256-EXPR')}</fast>`;
    const sasl2 = `<authentication xmlns='urn:xmpp:sasl:2'>${mechanisms('SCRAM-SHA-256')}<inline>${inline}</inline></authentication>`;
    expect(offeredFeatures(featuresOf(sasl2), false)).toEqual({
      mechanisms: [],
      hiddenMechanisms: [],
      sasl2: ['SCRAM-SHA-256'],
      fast: ['HT-SHA-256-EXPR'],
      bind2: true,
      streamManagement: true,
      registration: false,
      others: [],
    });
  });

  test('else', () => {
    const more = `<register xmlns='http://jabber.org/features/iq-register'/><c xmlns='http://jabber.org/protocol/caps'/>`;
    expect(offeredFeatures(featuresOf(`${more}<sm xmlns='urn:xmpp:sm:3'/>`), false)).toMatchObject({
      registration: true,
      streamManagement: true,
      others: ['{http://jabber.org/protocol/caps}c', '{urn:xmpp:sm:3}sm'],
    });
  });
});

test.each([
  ["<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>", 'required'],
  ["<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 'optional'],
  ["<starttls xmlns='urn:x'/>", 'none'],
])('STARTTLS: %s is %s', (inside, expected) => {
  expect(startTlsOf(featuresOf(inside))).toBe(expected);
});
