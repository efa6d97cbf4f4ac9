import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { effectiveText } from './effective.ts';
import { type Config, formatProblem, loadConfig } from './index.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-sites-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function load(text: string, environment = {}) {
  const file = join(directory, 'boshd.yaml');
  writeFileSync(file, text);
  return loadConfig({ file, environment });
}

function good(text: string, environment = {}): Config {
  const result = load(text, environment);
  if (!result.ok) throw new Error(result.fault.map(formatProblem).join('\n'));
  return result.value;
}

function problems(text: string): string[] {
  const result = load(text);
  return result.ok ? [] : result.fault.map((each) => formatProblem(each).replaceAll(`${directory}/`, ''));
}

const TWO = `
origins: [https://top.example]
domains: { allow: [example.org], deny: [bad.example.org] }
session: { waitMax: 30s, polling: 5s }
limits: { sessionsMax: 900 }
sites:
  shop:
    hosts: [Shop.example, "*.shop.example", 192.0.2.1, "2001:DB8::1"]
    domains: { allow: [shop.example] }
    session: { waitMax: 20s }
    proxiedBy: { secrets: [Ahng8eiQu2ohChai] }
  blog:
    origins: ["https://*.blog.example:8443"]
    limits:
`;

describe('a site', () => {
  test('has what it says, and what the top of the file says where it says nothing', () => {
    const { sites } = good(TWO, { BOSHD_SESSION_POLLING: '9s' });
    expect(sites.get('shop')).toMatchObject({
      hosts: ['shop.example', '*.shop.example', '192.0.2.1', '[2001:db8::1]'],
      origins: ['https://top.example'],
      domains: { allow: ['shop.example'], deny: ['bad.example.org'] },
      session: { waitMax: 20_000, polling: 9000 },
      limits: { sessionsMax: 900, depthMax: 64 },
      proxiedBy: { header: 'X-Boshd-Site', secrets: ['Ahng8eiQu2ohChai'], networks: [], pathKeys: [] },
    });
    expect(sites.get('blog')).toMatchObject({
      origins: ['https://*.blog.example:8443'],
      domains: { allow: ['example.org'] },
      session: { waitMax: 30_000 },
    });
  });

  test('is the same when the effective configuration is loaded', () => {
    const config = good(TWO);
    expect(good(effectiveText(config, 'shown'))).toEqual(config);
  });

  test('keeps its secrets when the effective configuration is shown', () => {
    const text = `${TWO}    proxiedBy: { pathKeys: [Zee7ohng9aiThe4u, Zee7ohng9aiThe4v] }\n`;
    const shown = effectiveText(good(text), 'hidden');
    expect(shown).not.toMatch(/Ahng8eiQu2ohChai|Zee7ohng9aiThe4/);
    expect(shown.match(/"?\*\*\*"?/g)).toHaveLength(3);
    // Whoever loads it has to write the secrets first.
    const file = join(directory, 'shown.yaml');
    writeFileSync(file, shown);
    expect(loadConfig({ file }).ok).toBe(false);
  });
});

describe('what is wrong in a site', () => {
  test.each<[string, string, string]>([
    [
      'an unknown key',
      'sites:\n  shop:\n    orgins: []\n',
      'boshd.yaml:3:5: sites.shop.orgins is an unknown key; did you mean sites.shop.origins?',
    ],
    [
      'an unknown key in a group',
      'sites:\n  shop:\n    session: { wiatMax: 5s }\n',
      'boshd.yaml:3:16: sites.shop.session.wiatMax is an unknown key; did you mean sites.shop.session.waitMax?',
    ],
    [
      'a key of the process',
      'sites:\n  shop: { listen: ["127.0.0.1:1"] }\n',
      'boshd.yaml:2:11: sites.shop.listen is an unknown key; did you mean listen?',
    ],
    [
      'a limit of the process',
      'sites:\n  shop: { limits: { endedMax: 1 } }\n',
      'boshd.yaml:2:21: sites.shop.limits.endedMax is an unknown key; did you mean limits.endedMax?',
    ],
    [
      'a name',
      'sites:\n  "a b": {}\n',
      'boshd.yaml:2:3: sites[a b] is not a plain name; write a name and, below it, what is different for this site',
    ],
    [
      'the name of the default site',
      'sites: { default: {} }\n',
      'boshd.yaml:1:10: sites.default is the name of the site that the top of the file describes; write a name and, below it, what is different for this site',
    ],
    [
      'a host with a port',
      'sites: { a: { hosts: ["a.example:80"] } }\n',
      'boshd.yaml:1:23: sites.a.hosts[0] "a.example:80" is not a host without a port; write a list of hosts without ports, such as chat.example.org or *.example.org (all below it)',
    ],
    [
      'all hosts',
      'sites: { a: { hosts: ["*"] } }\n',
      'boshd.yaml:1:23: sites.a.hosts[0] "*" is not a host without a port; write a list of hosts without ports, such as chat.example.org or *.example.org (all below it)',
    ],
    [
      'two keys that contradict each other, one of them from the top',
      "origins: ['*']\nsites:\n  shop:\n    credentials: true\n",
      "boshd.yaml:4:18: sites.shop.credentials is true, though origins is '*': any page could act with the cookies of any visitor; list the origins, or set credentials to false",
    ],
    [
      'certificates without https',
      'sites: { a: { proxiedBy: { certificates: ["CN=a"] } } }\ntls: { clientCaFile: boshd.yaml }\n',
      'boshd.yaml:2:6: tls.certFile is missing, though a site is known by client certificates, which only https can show; set it and tls.keyFile',
    ],
    [
      'the name in a certificate of anybody',
      'sites: { a: { proxiedBy: { certificates: ["CN=a"] } } }\ntls: { certFile: boshd.yaml, keyFile: boshd.yaml }\n',
      'boshd.yaml:2:6: tls.clientCaFile is missing, though a site is known by the name in a client certificate, which anybody can make; set it, or write the fingerprint of the certificate',
    ],
    [
      'what is no certificate',
      'sites: { a: { proxiedBy: { certificates: [a.pem] } } }\n',
      'boshd.yaml:1:43: sites.a.proxiedBy.certificates[0] "a.pem" is neither a SHA-256 fingerprint nor CN=NAME; write a list of certificates: the SHA-256 fingerprint of one, or CN=NAME for one that tls.clientCaFile signed',
    ],
  ])('%s', (_title, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  test('a secret that is refused is not shown', () => {
    const [problem] = problems('sites: { a: { proxiedBy: { secrets: [geheim] } } }\n');
    expect(problem).toContain('is not a secret that can be used');
    expect(problem).not.toContain('geheim');
  });
});
