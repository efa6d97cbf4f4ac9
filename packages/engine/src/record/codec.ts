import { type ByteString, fault, ok, type Result, type Toolbox } from '../kit/index.ts';
import { BIRTH, CREDENTIAL, WHOLE, type WholeRecord } from './fields.ts';
import type { Form } from './message.ts';
import { type RecordFault, RecordReader } from './reader.ts';
import type { BirthPart, CredentialPart, SessionRecord } from './record.ts';
import { RecordWriter } from './writer.ts';

/** Of the format. A reader takes this one and the one before; fields may be added within a version (fields.ts). */
const VERSION = 1;
const OLDEST_READ = 1;

/** Writes records: the same writer for all, so that its room is found once. */
export class RecordCodec {
  readonly #toolbox: Toolbox;
  readonly #writer = new RecordWriter();

  constructor(toolbox: Toolbox) {
    this.#toolbox = toolbox;
  }

  /** What never changes of a session, for `write`: once for all of its records. */
  writeBirth(birth: BirthPart): Uint8Array {
    BIRTH.write(this.#writer, birth, this.#toolbox);
    return this.#writer.finish();
  }

  write(record: WholeRecord): Uint8Array {
    this.#writer.number(VERSION);
    WHOLE.write(this.#writer, record, this.#toolbox);
    return this.#writer.finish();
  }

  /** As it is to be sealed. */
  writeCredential(credential: CredentialPart): ByteString {
    CREDENTIAL.write(this.#writer, credential, this.#toolbox);
    const bytes = this.#writer.finish();
    return this.#toolbox.toByteString(bytes, 0, bytes.length);
  }

  read(bytes: Uint8Array): Result<SessionRecord, RecordFault> {
    const reader = new RecordReader(bytes, this.#toolbox);
    const version = reader.number();
    if (reader.fault === undefined && (version > VERSION || version < OLDEST_READ)) {
      return fault({ code: 'version', detail: `version ${version}, and ${VERSION} is known` });
    }
    const { birth, ...rest } = WHOLE.read(reader);
    if (reader.fault === undefined && !reader.isAtEnd) reader.fail('something follows the record');
    if (reader.fault !== undefined) return fault({ code: 'damaged', detail: reader.fault });
    const born = this.#read(BIRTH, birth);
    return born.ok ? ok({ birth: born.value, ...rest }) : born;
  }

  readCredential(bytes: ByteString): Result<CredentialPart, RecordFault> {
    return this.#read(
      CREDENTIAL,
      Uint8Array.from(bytes, (each) => each.charCodeAt(0)),
    );
  }

  #read<Value>(form: Form<Value>, bytes: Uint8Array): Result<Value, RecordFault> {
    const reader = new RecordReader(bytes, this.#toolbox);
    const value = form.read(reader);
    if (reader.fault === undefined && !reader.isAtEnd) reader.fail('something follows');
    return reader.fault === undefined ? ok(value) : fault({ code: 'damaged', detail: reader.fault });
  }
}
