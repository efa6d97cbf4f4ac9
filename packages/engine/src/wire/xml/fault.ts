import type { Toolbox } from '../../kit/index.ts';
import { FAULTY } from './chars.ts';
import type { XmlLimits } from './limits.ts';

export type XmlFaultCode =
  | 'not-well-formed'
  | 'restricted-xml'
  | 'too-deep'
  | 'too-many-attributes'
  | 'name-too-long';

/** Why XML was refused. `detail` says what and at which byte, never content. */
export interface XmlFault {
  readonly code: XmlFaultCode;
  readonly detail: string;
}

/** What the parts of a scanner share: limits, tools, where byte 0 of the details is, and the fault once there is one. */
export class ScanContext {
  limits: XmlLimits;
  toolbox: Toolbox;
  /** The position that details count from: the start of the payload or of the <body/>. */
  origin = 0;
  fault: XmlFault | undefined;
  /** A prefix that may be used without being declared. */
  tolerated: Uint8Array | undefined;

  constructor(limits: XmlLimits, toolbox: Toolbox) {
    this.limits = limits;
    this.toolbox = toolbox;
  }

  /** Notes the fault; returns FAULTY, so that it can be returned where a position is expected. */
  refuse(code: XmlFaultCode, what: string, at: number): number {
    this.fault = { code, detail: `${what} at byte ${at - this.origin}` };
    return FAULTY;
  }
}
