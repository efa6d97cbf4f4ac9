import { address, type ClusterFacts, replySeconds } from './facts.ts';
import { block, type Lines, when } from './text.ts';

/** For a server block that is there already and one boshd: what has to be in it, and nothing else. */
export function nginxSnippet(facts: ClusterFacts): string {
  const { members, sites, websocketPath } = facts;
  const [member] = members;
  const [path = '/http-bind'] = sites[0]?.paths ?? [];
  const pass = `proxy_pass http://${member === undefined ? '127.0.0.1:5280' : address(member)};`;
  const lines = [
    ...block(`location ${path}`, [
      pass,
      'proxy_http_version 1.1;',
      'proxy_set_header Connection "";',
      ...CLIENT,
      'proxy_buffering off;',
      `proxy_read_timeout ${replySeconds(facts)}s;`,
    ]),
    ...when(
      websocketPath !== undefined,
      ...block(`location ${websocketPath ?? ''}`, [
        pass,
        'proxy_http_version 1.1;',
        'proxy_set_header Upgrade $http_upgrade;',
        'proxy_set_header Connection "upgrade";',
        ...CLIENT,
        'proxy_read_timeout 1h;',
      ]),
    ),
    ...block('location /.well-known/host-meta', [pass, 'proxy_set_header Host $http_host;']),
  ];
  return `${lines.join('\n')}\n`;
}

const CLIENT: Lines = [
  'proxy_set_header Host $http_host;',
  'proxy_set_header X-Forwarded-For $remote_addr;',
  'proxy_set_header X-Forwarded-Proto $scheme;',
];
