import { type Case, judge, notDone, notOffered, pass } from '../case.ts';
import { type BoshReply, isEmpty } from '../client/reply.ts';
import { type Lab, ping } from '../lab.ts';

const DEFAULT_TYPE = 'text/xml;charset=utf-8';

/** Attributes that the creation reply alone should have. */
const ONCE = [
  'sid',
  'wait',
  'requests',
  'ver',
  'polling',
  'inactivity',
  'hold',
  'maxpause',
  'accept',
  'charsets',
];

/** What the creation reply grants. */
export const termCases: readonly Case[] = [
  {
    id: 'terms.wait',
    clause: 'XEP-0124 §7.2',
    level: 'MUST',
    says: 'tells a wait that is not above the one asked for',
    run: (lab) => comparesAsked(lab, 'wait', [2, 7, 3600], (granted, asked) => granted <= asked),
  },
  {
    id: 'terms.requests',
    clause: 'XEP-0124 §7.2',
    level: 'MUST',
    says: 'tells a requests that is larger than the hold asked for',
    run: (lab) => comparesAsked(lab, 'requests', [1, 2, 3], (granted, asked) => granted > asked, 'hold'),
  },
  {
    id: 'terms.hold',
    clause: 'XEP-0124 §7.2',
    level: 'MUST NOT',
    says: 'tells a hold above the one asked for',
    run: (lab) => comparesAsked(lab, 'hold', [0, 1, 2], (granted, asked) => granted <= asked),
  },
  {
    id: 'terms.told',
    clause: 'XEP-0124 §7.2',
    level: 'SHOULD',
    says: 'tells ver, polling, inactivity, hold and from',
    async run(lab) {
      const session = await lab.create();
      const missing = ['ver', 'polling', 'inactivity', 'hold'].filter(
        (name) => session.granted(name) === undefined,
      );
      if (session.granted('from') === undefined && !(await tellsFromLater(session.created, session.ask()))) {
        missing.push('from');
      }
      return judge(
        missing.length === 0 ? 'all are there' : `without ${missing.join(', ')}`,
        missing.length > 0 && 'not all',
      );
    },
  },
  {
    id: 'terms.ver',
    clause: 'XEP-0124 §7.1, §7.2',
    level: 'SHOULD',
    says: 'tells the lower of both versions, compared as two integers',
    async run(lab) {
      const ours = (await lab.create({ ver: '99.0' })).granted('ver');
      if (ours === undefined) return notOffered('no ver');
      const answers = await Promise.all(
        ['1.2', '1.6', '1.10', '1.100'].map(async (asked) => {
          const told = (await lab.create({ ver: asked })).granted('ver') ?? 'none';
          return { asked, told, expected: lowerOf(asked, ours) };
        }),
      );
      const seen = `its own ${ours}; ${answers.map(({ asked, told }) => `asked ${asked}: ${told}`).join(', ')}`;
      return judge(seen, answers.some(({ told, expected }) => told !== expected) && 'not the lower one');
    },
  },
  {
    id: 'terms.once',
    clause: 'XEP-0124 §7.2',
    level: 'SHOULD NOT',
    says: 'tells the terms of the session in any other reply',
    async run(lab) {
      const session = await lab.logIn();
      const { body } = await session.ask(ping(session));
      const again = ONCE.filter((name) => body?.attributes.has(name) === true);
      return judge(`again: ${again.join(', ') || 'none'}`, again.length > 0 && 'told again');
    },
  },
  {
    id: 'terms.content-default',
    clause: 'XEP-0124 §7.1',
    level: 'MUST',
    says: 'answers as text/xml; charset=utf-8 where no content was asked for',
    async run(lab) {
      const type = contentTypeOf((await lab.create()).created);
      return judge(type, type !== DEFAULT_TYPE && 'another type');
    },
  },
  {
    id: 'terms.content',
    clause: 'XEP-0124 §7.1',
    level: 'MUST',
    says: 'answers with the content type asked for, here text/plain',
    run: (lab) => contentTypes(lab, 'text/plain; charset=utf-8'),
  },
  {
    id: 'terms.content-html',
    clause: 'XEP-0124 §7.1',
    level: 'MUST',
    says: 'answers with the content type asked for, here text/html',
    run: (lab) => contentTypes(lab, 'text/html; charset=utf-8'),
  },
  {
    id: 'terms.maxpause',
    clause: 'XEP-0124 §7.2',
    level: 'SHOULD',
    says: 'tells maxpause where it supports pauses',
    async run(lab) {
      const maxpause = (await lab.create()).granted('maxpause');
      return maxpause === undefined
        ? notOffered('no maxpause')
        : judge(maxpause, !/^[1-9]\d*$/.test(maxpause) && 'no number');
    },
  },
  {
    id: 'terms.accept',
    clause: 'XEP-0124 §7.2',
    level: 'MAY',
    says: 'lists the content encodings that it can decompress',
    run: (lab) => isTold(lab, 'accept'),
  },
  {
    id: 'terms.charsets',
    clause: 'XEP-0124 §7.2',
    level: 'MAY',
    says: 'lists the character encodings that it can convert',
    async run(lab) {
      const told = (await lab.create()).granted('charsets');
      if (told === undefined) return notDone('no charsets');
      // XEP-0124 §7.2: NMTOKENS
      return judge(told, !/^[\w.:-]+(?: [\w.:-]+)*$/.test(told) && 'no list of names');
    },
  },
];

async function comparesAsked(
  lab: Lab,
  name: string,
  all: readonly number[],
  isRight: (granted: number, asked: number) => boolean,
  askedName = name,
) {
  const answers = await Promise.all(
    all.map(async (asked) => ({ asked, granted: (await lab.create({ [askedName]: asked })).number(name) })),
  );
  const seen = answers.map(({ asked, granted }) => `${askedName} ${asked}: ${name} ${granted}`).join(', ');
  const wrong = answers.filter(({ asked, granted }) => !isRight(granted, asked));
  return judge(seen, wrong.length > 0 && `wrong for ${wrong.map(({ asked }) => asked).join(', ')}`);
}

async function tellsFromLater(created: BoshReply | undefined, later: Promise<BoshReply>): Promise<boolean> {
  return created !== undefined && isEmpty(created) && (await later).body?.attributes.has('from') === true;
}

function lowerOf(one: string, other: string): string {
  const [oneMajor = 0, oneMinor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return oneMajor < otherMajor || (oneMajor === otherMajor && oneMinor < otherMinor) ? one : other;
}

function contentTypeOf(reply: BoshReply | undefined): string {
  return (reply?.headers['content-type'] ?? 'none').toLowerCase().replace(/[\s"]/g, '');
}

async function contentTypes(lab: Lab, content: string) {
  const session = await lab.logIn({ content });
  const types = [session.created, await session.ask(ping(session))].map(contentTypeOf);
  const wanted = content.replace(/\s/g, '');
  return judge(types.join(', '), types.some((type) => type !== wanted) && 'another type');
}

async function isTold(lab: Lab, name: string) {
  const value = (await lab.create()).granted(name);
  return value === undefined ? notDone(`no ${name}`) : pass(value);
}
