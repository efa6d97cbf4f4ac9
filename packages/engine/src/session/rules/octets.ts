import { fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import { type BodyFault, type DecodedBody, FragmentJoiner, type Payload } from '../../wire/index.ts';
import type { Session } from '../session.ts';

/*
 * In script syntax the contents of a session's requests are one octet stream, in order of rid; a stanza may begin in one
 * and end in another (XEP-0252 §2.2). Repeats bring nothing new: a rid has the content of its first copy.
 */

/** The request with the payloads that became whole with it. Called with requests in order of rid. */
export function joinOctets(
  session: Session,
  body: DecodedBody,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  const { fragment } = body;
  if (fragment === undefined) {
    return session.octets?.isUnfinished === true && body.payloads.length > 0
      ? fault({ code: 'not-well-formed', detail: 'whole payloads in the middle of one' })
      : ok(body);
  }
  session.octets ??= new FragmentJoiner(toolbox);
  const payloads: Payload[] = [];
  const wrong = session.octets.push(fragment, payloads);
  return wrong === undefined ? ok({ ...body, payloads }) : fault(wrong);
}

/** A request is given up, and with it a piece of the stream: what comes behind it can not be read any more. */
export function abandonOctets(session: Session): void {
  session.octets = undefined;
  session.early = session.early.map((each) => ({ ...each, body: { ...each.body, fragment: undefined } }));
}
