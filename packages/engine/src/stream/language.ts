/** RFC 5646 §4.4.1 advises room for 35 characters. */
const TAG_CHARS_MAX = 64;

/**
 * A well-formed language tag of RFC 5646 §2.1: language, extended languages, script, region, variants, extensions, private use. Languages of
 * four letters and more are reserved or unknown to the registry: such words are no languages (`undefined`, `null`, `POSIX`).
 */
const TAG =
  /^[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?$/i;

/**
 * The language tag that a client meant, for the stream header; undefined: none that a server would know. Clients send the name of a
 * POSIX locale (`en_US.UTF-8`), `*`, or a word that stands for nothing; ejabberd ends the stream (invalid-xml) at such a tag.
 */
export function languageTag(asked: string | undefined): string | undefined {
  if (asked === undefined || asked.length > TAG_CHARS_MAX) return undefined;
  const [name = ''] = asked.trim().split(/[.@]/);
  const tag = name.replaceAll('_', '-');
  return TAG.test(tag) ? tag : undefined;
}
