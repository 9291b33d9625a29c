/**
 * Names of a family of checkpoints and ours, told once and read in both directions. Where a family has had several spellings, each has a rule,
 * the usual one first; which of them a checkpoint follows, its names say ({@link theirNames}).
 */

export interface KeyMap {
  /** As people call the checkpoints. */
  readonly family: string;
  readonly rules: readonly KeyRule[];
  /** Names of theirs, as in rules, that hold nothing we need: tables that are computed, heads that are not used. */
  readonly unused?: readonly string[];
}

/**
 * A name of theirs and the name of ours that stands for it. `{x}` is one part of a name between dots, `{*}` all parts that are left, and
 * `{3-i}` a number that counts down where the other side's `{i}` counts up.
 */
export type KeyRule = readonly [theirs: string, ours: string];

/** Our name for a tensor of theirs; undefined where no rule has it. */
export function ourName({ rules }: KeyMap, theirs: string): string | undefined {
  return translated(rules, theirs);
}

/** Their usual name for a parameter of ours; undefined where no rule has it. */
export function theirName(map: KeyMap, ours: string): string | undefined {
  return theirNames(map, ours)[0];
}

/** All their names that stand for a parameter of ours. */
export function theirNames(map: KeyMap, ours: string): string[] {
  return map.rules.flatMap(([theirs, own]) => {
    const name = translated([[own, theirs]], ours);
    return name !== undefined && ourName(map, name) === ours ? [name] : [];
  });
}

export function isUnused({ unused = [] }: KeyMap, theirs: string): boolean {
  return unused.some((pattern) => matched(pattern, theirs) !== undefined);
}

function translated(rules: readonly KeyRule[], name: string): string | undefined {
  for (const [from, to] of rules) {
    const values = matched(from, name);
    if (values) return filled(to, values);
  }
  return undefined;
}

const placeholder = /\{(?:(\d+)-)?(\w+|\*)\}/g;

/** What a pattern's placeholders stand for in `name`, or undefined where it does not fit. */
function matched(pattern: string, name: string): Map<string, string> | undefined {
  const keys: { key: string; downFrom: number | undefined }[] = [];
  let expression = "";
  let end = 0;
  for (const match of pattern.matchAll(placeholder)) {
    const [whole, downFrom, key] = match as unknown as [string, string | undefined, string];
    expression += escaped(pattern.slice(end, match.index));
    expression += key === "*" ? "(.+)" : downFrom === undefined ? "([^.]+)" : "(\\d+)";
    keys.push({ key, downFrom: downFrom === undefined ? undefined : Number(downFrom) });
    end = match.index + whole.length;
  }
  const found = new RegExp(`^${expression}${escaped(pattern.slice(end))}$`).exec(name);
  if (!found) return undefined;
  const values = new Map<string, string>();
  for (const [i, { key, downFrom }] of keys.entries()) {
    const value = downFrom === undefined ? found[i + 1]! : String(downFrom - Number(found[i + 1]));
    if (value.startsWith("-")) return undefined;
    values.set(key, value);
  }
  return values;
}

const escaped = (text: string) => text.replaceAll(/[^\w]/g, "\\$&");

function filled(pattern: string, values: ReadonlyMap<string, string>): string {
  return pattern.replace(placeholder, (_, downFrom: string | undefined, key: string) => {
    const value = values.get(key)!;
    return downFrom === undefined ? value : String(Number(downFrom) - Number(value));
  });
}
