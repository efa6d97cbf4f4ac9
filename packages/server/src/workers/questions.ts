import type { ChildProcess } from 'node:child_process';

/** What the operator wants to know of every worker, or have done by it. */
export type Question =
  | { readonly about: 'status' }
  | { readonly about: 'sessions'; readonly text: string }
  | { readonly about: 'session'; readonly name: string }
  | { readonly about: 'order'; readonly order: string; readonly of: string }
  /** For one worker: a session for a page. Orders with the same `whose` go to the same worker, which counts them. */
  | { readonly about: 'prebind'; readonly order: string; readonly whose: string };

/** Asks all workers; resolves with the answers of those that gave one in time. */
export type AskWorkers = (question: Question) => Promise<readonly unknown[]>;

/** A worker that is so late has more to do than to answer. */
const ANSWER_MS_MAX = 3000;
/** A log-in has 30 s. */
const LOGIN_MS_MAX = 35_000;
const HASH_MAX = 2 ** 31;

interface Asked {
  readonly boshd: 'question';
  readonly id: number;
  readonly question: Question;
}

interface Answered {
  readonly boshd: 'answer';
  readonly id: number;
  readonly answer: unknown;
}

function isOf<Message extends Asked | Answered>(
  message: unknown,
  kind: Message['boshd'],
): message is Message {
  return typeof message === 'object' && message !== null && Reflect.get(message, 'boshd') === kind;
}

let lastId = 0;

/** Of the parent: asks the workers that there are, in their order. */
export async function askAll(
  workers: readonly ChildProcess[],
  question: Question,
): Promise<readonly unknown[]> {
  const asked = question.about === 'prebind' ? [oneOf(workers, question.whose)] : workers;
  const answers = await Promise.all(asked.map((worker) => worker && ask(worker, question)));
  return answers.flatMap((answer) => (answer === undefined ? [] : [answer.answer]));
}

function oneOf(workers: readonly ChildProcess[], whose: string): ChildProcess | undefined {
  const living = workers.filter((worker) => worker.connected);
  let sum = 0;
  for (const character of whose) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % HASH_MAX;
  return living[sum % Math.max(1, living.length)];
}

function ask(worker: ChildProcess, question: Question): Promise<Answered | undefined> {
  if (!worker.connected) return Promise.resolve(undefined);
  lastId += 1;
  const asked: Asked = { boshd: 'question', id: lastId, question };
  return new Promise((resolve) => {
    const done = (answer: Answered | undefined): void => {
      clearTimeout(late);
      worker.off('message', heard).off('exit', gone);
      resolve(answer);
    };
    const heard = (message: unknown): void => {
      if (isOf<Answered>(message, 'answer') && message.id === asked.id) done(message);
    };
    const gone = (): void => done(undefined);
    const late = setTimeout(gone, question.about === 'prebind' ? LOGIN_MS_MAX : ANSWER_MS_MAX);
    worker.on('message', heard).on('exit', gone);
    worker.send(asked, (error) => {
      if (error !== null) gone();
    });
  });
}

/** Of a worker: answers what its parent asks, until the function that it returns is called. */
export function answerParent(answer: (question: Question) => Promise<unknown>): () => void {
  const heard = (message: unknown): void => {
    if (!isOf<Asked>(message, 'question')) return;
    const { id, question } = message;
    // An error is a bug of ours; the parent does without the answer.
    void answer(question).then((given) =>
      process.send?.({ boshd: 'answer', id, answer: given } satisfies Answered),
    );
  };
  process.on('message', heard);
  return () => void process.off('message', heard);
}
