import { fault, ok, type Result } from '@boshd/engine/kit';
import { list } from '../kinds/kinds.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../kinds/values.ts';

/** A member as a proxy in front sees it. */
export interface MemberAt extends HostPort {
  readonly id: string | undefined;
  readonly region: string | undefined;
  /** 1 to 100. */
  readonly weight: number;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
const WEIGHT_MAX = 100;

/** `10.0.0.1:5280`, `10.0.0.1:5280 region=eu weight=2 id=eu-1`; `http://` in front changes nothing. */
export function parseMember(input: string): Result<MemberAt, string> {
  const [place = '', ...settings] = input.trim().split(/\s+/);
  if (/^https:/.test(place)) return fault('asks for https, which members do not speak to the proxy in front');
  const at = parseHostPort(place.replace(/^http:\/\//, '').replace(/\/$/, ''));
  if (!at.ok) return at;
  if (at.value.port === 0) return fault('has no port');
  const named = new Map(settings.map((each) => settingOf(each)));
  for (const name of named.keys()) {
    if (!['id', 'region', 'weight'].includes(name)) return fault(`has the unknown setting ${name}`);
  }
  const [id, region] = [named.get('id'), named.get('region')];
  for (const name of [id, region]) {
    if (name !== undefined && !NAME.test(name))
      return fault(`has the name ${name}, not of letters, digits, - and _`);
  }
  const weight = Number(named.get('weight') ?? 1);
  if (!Number.isInteger(weight) || weight < 1 || weight > WEIGHT_MAX)
    return fault(`has a weight that is not a whole number from 1 to ${WEIGHT_MAX}`);
  return ok({ ...at.value, id, region, weight });
}

function settingOf(text: string): readonly [name: string, value: string] {
  const end = text.indexOf('=');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
}

/** The text that `parseMember` reads back as the same value. */
export function formatMember({ id, region, weight, ...at }: MemberAt): string {
  const settings = [
    ...(region === undefined ? [] : [`region=${region}`]),
    ...(weight === 1 ? [] : [`weight=${weight}`]),
    ...(id === undefined ? [] : [`id=${id}`]),
  ];
  return [formatHostPort(at), ...settings].join(' ');
}

/** The key `members` of the group `cluster`. */
export const membersKey = list(parseMember, {
  max: 1000,
  of: 'addresses with a port, each with region=, weight= and id= behind it where wanted, such as 10.0.0.1:5280 region=eu',
  preset: [],
  purpose:
    'All members, as the web servers in front reach them: for "boshd proxy-config" alone. Empty: this boshd is the only one.',
  reason: 'Members find each other by themselves; a web server has to be told.',
});
