import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { EndpointReport, Report } from '../report/report.ts';
import { COLOURS, NO_COLOURS } from './palette.ts';
import { reportText } from './text.ts';

const ENDPOINT: EndpointReport = {
  endpoint: '192.0.2.1:5223',
  host: 'xmpp.example.org',
  directTls: true,
  outcome: { status: 'ok' },
  connectMs: 14.2,
  tlsMs: 31,
  featuresMs: 9.96,
  tls: {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    alpn: 'xmpp-client',
    certificate: {
      names: ['DNS:example.org'],
      subject: 'example.org',
      issuer: 'R3, Example CA',
      validFrom: '2026-01-01T00:00:00.000Z',
      validTo: '2026-04-01T00:00:00.000Z',
      daysLeft: 65,
      key: 'EC 256',
    },
  },
  features: {
    mechanisms: ['SCRAM-SHA-256', 'PLAIN'],
    hiddenMechanisms: ['SCRAM-SHA-256-PLUS'],
    sasl2: ['SCRAM-SHA-256'],
    fast: ['HT-SHA-256-EXPR'],
    bind2: true,
    streamManagement: true,
    registration: false,
    others: [],
  },
  startTls: undefined,
};

const REPORT: Report = {
  domain: 'b\u00fccher.example',
  asciiDomain: 'xn--bcher-kva.example',
  override: undefined,
  questions: [
    {
      name: '_xmpps-client._tcp.xn--bcher-kva.example',
      type: 'SRV',
      tookMs: 12,
      answers: [],
      missing: 'none',
    },
    {
      name: 'xmpp.example.org',
      type: 'address',
      tookMs: 1.25,
      answers: ['192.0.2.1', '2001:db8::1'],
      missing: undefined,
    },
  ],
  endpoints: [ENDPOINT],
  start: { outcome: { status: 'ok' }, tookMs: 61, endpoint: '192.0.2.1:5223', secure: true },
  advice: [{ level: 'hint', text: 'More could be had.' }],
  works: true,
};

describe('the report for a person', () => {
  test('has every step in its column', () => {
    expect(reportText(REPORT, NO_COLOURS)).toBe(`b\u00fccher.example (xn--bcher-kva.example)

DNS
  - _xmpps-client._tcp.xn--bcher-kva.example    12 ms  none
  \u2713 xmpp.example.org                           1.3 ms  192.0.2.1
                                                       2001:db8::1

192.0.2.1:5223 direct TLS, xmpp.example.org
  \u2713 connected          14 ms
  \u2713 TLS                31 ms  TLSv1.3, TLS_AES_256_GCM_SHA384, ALPN xmpp-client
  \u2713 certificate               for example.org
                              by R3, Example CA, EC 256
                              until 2026-04-01, 65 days from now
  \u2713 features           10 ms  SASL SCRAM-SHA-256 PLAIN (not for web clients: SCRAM-SHA-256-PLUS)
                              SASL2 SCRAM-SHA-256
                              FAST HT-SHA-256-EXPR
                              Bind 2, stream management

What a session meets
  \u2713 stream ready       61 ms  192.0.2.1:5223

b\u00fccher.example works.

Hint: More could be had.
`);
  });

  test('has colours on a terminal, and says the same', () => {
    const coloured = reportText(REPORT, COLOURS);
    expect(coloured).toContain('\u001b[32m');
    expect(stripVTControlCharacters(coloured)).toBe(reportText(REPORT, NO_COLOURS));
  });

  test('holds nothing that moves the cursor, whatever a server says of itself', () => {
    const evil = '\u001b[2J\r\n\u202eevil\u0007';
    const { tls } = ENDPOINT;
    if (tls === undefined) throw new Error('it has one');
    const certificate = { ...tls.certificate, issuer: evil, names: [evil] };
    const endpoint = { ...ENDPOINT, host: evil, tls: { ...tls, certificate, cipher: evil, alpn: evil } };
    const outcome = { status: 'failed', reason: 'not-xmpp', text: 'No.', detail: evil } as const;
    const text = reportText(
      {
        ...REPORT,
        domain: evil,
        questions: [{ name: evil, type: 'address', tookMs: 1, answers: [evil], missing: evil }],
        endpoints: [endpoint, { ...endpoint, outcome }],
        start: { ...REPORT.start, outcome },
      },
      NO_COLOURS,
    );
    expect(text).not.toMatch(/[^\n\x20-\u2fff]|[\u007f-\u009f\u202e]/);
  });
});
