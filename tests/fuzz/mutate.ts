/** Damage to texts, the same for the same seed. */

/** A small linear congruential generator: a fuzz run must meet the same inputs every time. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What parsers of JSON and of shapes and sizes stumble over. */
const pieces = [
  ...'{}[]",:\\0-.e',
  "null",
  "true",
  "-1",
  "1e999",
  "4294967296",
  "9007199254740993",
  "99999999999999999999",
  "0.5",
  "[]",
  "{}",
  '""',
  '"__proto__"',
  '"constructor"',
  '"../../etc/passwd"',
  "\\u0000",
  "\ud800",
  "\u202e",
  "[".repeat(200),
  '{"a":'.repeat(200),
];

/** One to four changes: characters replaced, cut out, doubled or inserted, values replaced, or the end lost. */
export function mutated(text: string, below: (limit: number) => number): string {
  let result = text;
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(result.length + 1);
    const length = below(8) === 0 ? below(result.length + 1) : below(12);
    const piece = pieces[below(pieces.length)]!;
    switch (below(7)) {
      case 0:
        result = result.slice(0, at) + String.fromCharCode(below(256)) + result.slice(at + 1);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 2:
        result = result.slice(0, at + length) + result.slice(at);
        break;
      case 3:
        result = result.slice(0, at) + piece + result.slice(at);
        break;
      case 4: // a number or a word
        result = result.slice(0, at) + result.slice(at).replace(/-?\d[\d.e+-]*|"[^"]*"|true|false|null/, piece);
        break;
      case 5: {
        const other = below(result.length + 1);
        result = result.slice(0, at) + result.slice(other, other + length) + result.slice(at);
        break;
      }
      default:
        if (below(4) === 0) result = result.slice(0, at);
    }
    // Doubling must not outgrow what a file would be.
    if (result.length > 4 * text.length + 4096) result = result.slice(0, text.length);
  }
  return result;
}
