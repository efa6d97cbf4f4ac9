import type { Case } from '../case.ts';
import { ackCases } from './acks.ts';
import { activityCases } from './activity.ts';
import { creationCases } from './creation.ts';
import { errorCases } from './errors.ts';
import { httpCases } from './http.ts';
import { inactivityCases } from './inactivity.ts';
import { keyCases } from './keys.ts';
import { payloadCases } from './payloads.ts';
import { recipientCases } from './recipient.ts';
import { ridCases } from './rids.ts';
import { streamCases } from './streams.ts';
import { terminateCases } from './terminate.ts';
import { termCases } from './terms.ts';
import { wrapperCases } from './wrapper.ts';
import { xmppCases } from './xmpp.ts';

/** In the order of the specification. */
export const ALL_CASES: readonly Case[] = [
  ...httpCases,
  ...wrapperCases,
  ...creationCases,
  ...termCases,
  ...payloadCases,
  ...ackCases,
  ...inactivityCases,
  ...activityCases,
  ...terminateCases,
  ...ridCases,
  ...keyCases,
  ...streamCases,
  ...errorCases,
  ...xmppCases,
  ...recipientCases,
];
