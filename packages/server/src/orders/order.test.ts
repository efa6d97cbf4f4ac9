import { describe, expect, it } from 'vitest';
import { readOrder } from './order.ts';

const SECRET = 'wonderland';

describe('an order', () => {
  it.each([
    [
      { jid: 'Juliet@example.org', password: SECRET },
      {
        domain: 'example.org',
        account: 'juliet@example.org',
        login: { credentials: { type: 'password', user: 'Juliet', password: SECRET } },
      },
    ],
    [
      { jid: 'juliet@example.org', token: SECRET, resource: 'web', site: 'shop' },
      {
        domain: 'example.org',
        login: {
          credentials: { type: 'token', jid: 'juliet@example.org', token: SECRET },
          resource: 'web',
        },
        site: 'shop',
      },
    ],
    [
      { jid: 'guests.example.org', anonymous: true },
      { domain: 'guests.example.org', account: undefined, login: { credentials: { type: 'anonymous' } } },
    ],
  ])('%j', (order, expected) => {
    expect(readOrder(JSON.stringify(order))).toMatchObject({ ok: true, value: expected });
  });

  it.each([
    [`{"password":"${SECRET}`, 'the order is not JSON'],
    [`["${SECRET}"]`, 'the order is not a JSON object'],
    [
      `{"${SECRET}":1}`,
      'the order may have jid, password, token, anonymous, resource, site, and nothing else',
    ],
    ['{"jid":"a@b"}', 'the order needs one of password, token and anonymous'],
    [
      `{"jid":"a@b","password":"${SECRET}","token":"${SECRET}"}`,
      'the order needs one of password, token and anonymous',
    ],
    [
      `{"jid":"a@b/c","password":"${SECRET}"}`,
      'jid is not an address like name@example.org, without a resource',
    ],
    [`{"password":"${SECRET}"}`, 'jid is not an address like name@example.org, without a resource'],
    [`{"jid":"b","password":"${SECRET}"}`, 'jid is name@example.org, and with anonymous the domain alone'],
    ['{"jid":"a@b","anonymous":true}', 'jid is name@example.org, and with anonymous the domain alone'],
    ['{"jid":"b","anonymous":"yes"}', 'anonymous is neither true nor false'],
    ['{"jid":"a@b","password":1}', 'password is not a text that can be used'],
    ['{"jid":"a@b","password":""}', 'password is not a text that can be used'],
  ])('%s is refused, and nothing of it is repeated', (text, why) => {
    expect(readOrder(text)).toEqual({ ok: false, fault: why });
    expect(why).not.toContain(SECRET);
  });
});
