/** Names of checkpoints on the Hugging Face hub, as people write them. */
import { InputError } from "../core/errors.ts";

export interface HubReference {
  /** `owner/name`. */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** A file or folder inside the repository; empty for its root. */
  readonly path: string;
}

const PREFIX = "hf:";
const form = `${PREFIX}owner/name[/path][@revision]`;
/** The revision of a name that has none. */
const MAIN = "main";

const segment = /^[A-Za-z0-9_][\w.-]{0,95}$/;
const bare = /^[^/:@\\]+\/[^/:@\\]+(@.+)?$/;

/**
 * Reads `hf:owner/name[/path][@revision]`, or `owner/name[@revision]` without the prefix. Undefined for anything else, which is then
 * a path on this machine. No part can lead out of the repository: each segment begins with a letter, digit or underscore.
 * @throws InputError where the prefix is there but the rest is no name
 */
export function parseHubReference(text: string): HubReference | undefined {
  const isExplicit = text.startsWith(PREFIX);
  if (!isExplicit && !bare.test(text)) return undefined;
  const [, name = "", revision = MAIN] =
    /^([^@]*)(?:@(.*))?$/s.exec(isExplicit ? text.slice(PREFIX.length) : text) ?? [];
  const parts = name.split("/");
  const isName = parts.length >= 2 && [...parts, ...revision.split("/")].every((part) => segment.test(part));
  if (isName) return { repository: parts.slice(0, 2).join("/"), revision, path: parts.slice(2).join("/") };
  if (isExplicit) throw new InputError(`${text}: expected ${form}`);
  return undefined;
}

export function formatHubReference({ repository, revision, path }: HubReference): string {
  return `${repository}${path === "" ? "" : `/${path}`}${revision === MAIN ? "" : `@${revision}`}`;
}
