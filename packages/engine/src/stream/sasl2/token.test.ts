import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toolbox } from '../../../../../tests/support/engine/session.ts';
import { ascii } from '../../kit/index.ts';
import {
  type ChannelBindings,
  type Credential,
  chooseMechanism,
  initiatorMessage,
  isResponder,
  randomUuid,
} from './token.ts';

const CREDENTIAL: Credential = {
  mechanism: 'HT-SHA-256-NONE',
  jid: 'jüliet@example.org',
  user: 'jüliet',
  agent: 'd4565fa7-4d72-4749-b3d3-740edbf87770',
  token: 'secret-token:ä',
  expiresAt: 0,
  count: 0,
};
const BINDING = ascii('\u0000\u0001\u00ff');

const hmac = (role: string): Buffer =>
  createHmac('sha256', 'secret-token:ä')
    .update(Buffer.concat([Buffer.from(role), Buffer.from(BINDING, 'latin1')]))
    .digest();

describe('the hashed token mechanisms', () => {
  it('say who, and a hash of the token and the channel', () => {
    const message = Buffer.from(initiatorMessage(CREDENTIAL, BINDING, toolbox), 'base64');
    expect(message).toEqual(Buffer.concat([Buffer.from('jüliet\0'), hmac('Initiator')]));
  });

  it.each([
    ['the right answer', hmac('Responder').toString('base64'), true],
    ['our own', hmac('Initiator').toString('base64'), false],
    ['a part of it', hmac('Responder').toString('base64').slice(0, 10), false],
    ['more than it', `${hmac('Responder').toString('base64')}AA`, false],
    ['nothing', '', false],
    ['none', undefined, false],
  ])('believe a server by %s', (_, answer, expected) => {
    expect(isResponder(CREDENTIAL, BINDING, answer, toolbox)).toBe(expected);
  });
});

describe('the mechanism', () => {
  const both: ChannelBindings = { exporter: ascii('e'), endPoint: ascii('p') };
  const ALL = ['HT-SHA-256-NONE', 'HT-SHA-256-ENDP', 'HT-SHA-256-UNIQ', 'HT-SHA-256-EXPR', 'HT-SHA-512-EXPR'];

  it.each([
    ['the strongest binding', ALL, both, 'HT-SHA-256-EXPR'],
    ['what the link has', ALL, { exporter: undefined, endPoint: ascii('p') }, 'HT-SHA-256-ENDP'],
    ['none, where the link has none', ALL, undefined, 'HT-SHA-256-NONE'],
    ['what is offered', ['HT-SHA-256-NONE'], both, 'HT-SHA-256-NONE'],
    ['nothing, where nothing fits', ['HT-SHA-256-UNIQ'], both, undefined],
    ['that without a binding, where nothing is said', [], both, 'HT-SHA-256-NONE'],
  ])('%s', (_, offered, bindings, expected) => {
    expect(chooseMechanism(offered, bindings)).toBe(expected);
  });
});

it('a user agent has a random UUID of version 4', () => {
  const ids = Array.from({ length: 50 }, () => randomUuid(toolbox));
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
});
