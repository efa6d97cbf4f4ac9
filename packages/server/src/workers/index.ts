export { AnchoredWorkers, LEAVE_MESSAGE } from './anchored.ts';
export {
  type AnchoredPlace,
  anchorSocket,
  type GivenSocket,
  readAnchoredPlace,
} from './anchored-place.ts';
export { makeDirectory, RELOAD_MESSAGE, runWorkers, STOP_MESSAGE, workerCount } from './parent.ts';
export { keyOfWorkers, readPlace, socketsOf, type WorkerPlace } from './place.ts';
export { type AskWorkers, answerParent, askAll, type Question } from './questions.ts';
