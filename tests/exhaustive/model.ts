/**
 * What a session must do, said slowly and plainly: a list of everything, looked through from end to end. It knows one
 * stream, no key sequences, no gathering, no limits on activity, and `hold` 1.
 */
export interface Model {
  readonly waitMs: number;
  readonly inactivityMs: number;
  readonly gapMs: number;
  /** Replies that are kept. */
  readonly keptMax: number;
  requests: ModelRequest[];
  /** Rids whose replies are kept, oldest first. */
  kept: number[];
  /** The highest rid received together with all lower ones. */
  lastRid: number;
  /** For the client, not given to a reply yet. */
  queue: string[];
  /** To the server, in order. */
  forwarded: string[];
  quietSince: number;
  isOver: boolean;
}

interface ModelRequest {
  readonly rid: number;
  readonly payload: string | undefined;
  readonly isFarewell: boolean;
  readonly arrivedAt: number;
  /** When it was its turn. */
  heldSince: number | undefined;
  listener: number | undefined;
  answer: Answer | undefined;
}

/** What a request is answered: payloads, or the type of a <body/> that is not plain. */
export type Answer = readonly string[] | 'terminate' | 'error' | 'gone';

/** Who is answered, and what, in order. */
export type Answers = readonly (readonly [listener: number, answer: Answer])[];

const isEarly = ({ heldSince, answer }: ModelRequest): boolean =>
  heldSince === undefined && answer === undefined;
const isHeld = ({ heldSince, answer }: ModelRequest): boolean =>
  heldSince !== undefined && answer === undefined;
const isHeard = (request: ModelRequest): boolean => isHeld(request) && request.listener !== undefined;

/** A request arrives, for the first time or again. */
export function arrives(
  model: Model,
  listener: number,
  request: Pick<ModelRequest, 'rid' | 'payload' | 'isFarewell'>,
  now: number,
): Answers {
  const known = model.requests.find(({ rid }) => rid === request.rid);
  if (known?.answer !== undefined) {
    const isKept = model.kept.includes(known.rid);
    if (isKept) model.quietSince = now;
    return [[listener, isKept ? known.answer : 'gone']];
  }
  if (known === undefined && (model.isOver || request.rid <= model.lastRid)) return [[listener, 'gone']];
  const older: Answers = known?.listener === undefined ? [] : [[known.listener, 'error']];
  if (known !== undefined) known.listener = listener;
  else {
    const { rid, payload, isFarewell } = request;
    model.requests.push({
      rid,
      payload,
      isFarewell,
      arrivedAt: now,
      heldSince: undefined,
      listener,
      answer: undefined,
    });
    model.requests.sort((one, other) => one.rid - other.rid);
  }
  return [...older, ...takeTurns(model, now)];
}

/** Requests whose turn it is are taken, and all that can be answered is. */
function takeTurns(model: Model, now: number): Answers {
  const answers: (readonly [number, Answer])[] = [];
  for (;;) {
    const next = model.requests.find(({ rid }) => rid === model.lastRid + 1);
    if (next === undefined) return [...answers, ...answerAll(model, now)];
    // No more than one beyond `hold` is ever held.
    if (model.requests.filter(isHeld).length > 1) answers.push(...answerAll(model, now));
    next.heldSince = now;
    model.lastRid = next.rid;
    if (next.payload !== undefined) model.forwarded.push(next.payload);
    if (next.isFarewell) return [...answers, ...farewell(model, now)];
  }
}

/** The oldest held request that is heard gets the end, the others nothing (XEP-0124 §13). */
function farewell(model: Model, now: number): Answers {
  const answers: (readonly [number, Answer])[] = [];
  let answer: Answer = 'terminate';
  for (const request of model.requests.filter(isHeld)) {
    request.answer = answer;
    model.kept.push(request.rid);
    if (request.listener === undefined) continue;
    answers.push([request.listener, answer]);
    answer = [];
  }
  return [...answers, ...end(model, now)];
}

/** Whoever is still there hears that there is nothing any more. */
function end(model: Model, now: number): Answers {
  const answers: (readonly [number, Answer])[] = [];
  for (const request of model.requests.filter(({ answer }) => answer === undefined)) {
    if (request.listener !== undefined) answers.push([request.listener, 'gone']);
  }
  model.requests = model.requests.filter(({ answer }) => answer !== undefined);
  model.isOver = true;
  model.quietSince = now;
  return answers;
}

function answerAll(model: Model, now: number): Answers {
  const held = model.requests.filter(isHeld);
  const [oldest] = held;
  if (oldest?.heldSince === undefined) return [];
  const isDue = now >= oldest.heldSince + model.waitMs;
  const isUrged = model.queue.length > 0 ? held.some(isHeard) : held.length > 1;
  if (model.queue.length > 0 && oldest.listener !== undefined) {
    oldest.answer = model.queue;
    model.queue = [];
  } else if (isDue || isUrged) oldest.answer = [];
  else return [];
  model.kept.push(oldest.rid);
  if (model.kept.length > model.keptMax) model.kept.shift();
  if (oldest.listener === undefined) return answerAll(model, now);
  model.quietSince = now;
  return [[oldest.listener, oldest.answer], ...answerAll(model, now)];
}

/** Somebody does not listen any more. */
export function isAborted(model: Model, listener: number, now: number): Answers {
  const request = model.requests.find((each) => each.listener === listener && each.answer === undefined);
  if (request === undefined) return [];
  request.listener = undefined;
  if (model.requests.some(isHeard)) return [];
  model.quietSince = now;
  return answerAll(model, now);
}

export function serverSays(model: Model, payload: string, now: number): Answers {
  if (model.isOver) return [];
  model.queue.push(payload);
  return answerAll(model, now);
}

export function timePasses(model: Model, now: number): Answers {
  const answers = [...giveUpGaps(model, now)];
  if (!model.isOver) answers.push(...answerAll(model, now));
  const isAlone = !model.isOver && !model.requests.some(isHeard);
  if (isAlone && now >= model.quietSince + model.inactivityMs) answers.push(...end(model, now));
  return answers;
}

/** When something happens by itself; undefined: never. */
export function dueAt(model: Model): number | undefined {
  if (model.isOver) return undefined;
  const times: number[] = [];
  const oldest = model.requests.find(isHeld);
  if (oldest?.heldSince !== undefined) times.push(oldest.heldSince + model.waitMs);
  if (!model.requests.some(isHeard)) times.push(model.quietSince + model.inactivityMs);
  for (const each of model.requests)
    if (isEarly(each) && each.isFarewell) times.push(each.arrivedAt + model.gapMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A farewell does not wait for ever for what it overtook. */
function giveUpGaps(model: Model, now: number): Answers {
  const answers: (readonly [number, Answer])[] = [];
  const isDue = model.requests.some(
    (each) => isEarly(each) && each.isFarewell && each.arrivedAt + model.gapMs <= now,
  );
  if (!isDue) return answers;
  for (let first = model.requests.find(isEarly); first !== undefined; first = model.requests.find(isEarly)) {
    model.lastRid = first.rid - 1;
    answers.push(...takeTurns(model, now));
  }
  return answers;
}
