/** A score, named scores within it, or null where the official formula divides by nothing. */
export type Score = number | null | { readonly [name: string]: Score };

/** A language model that answers a prompt of text alone. */
export type Complete = (prompt: string) => Promise<string>;

/** What to score. */
export interface ScoreFiles {
  /** A file or a folder in the form that the official scorer reads. */
  readonly answers: string;
  /** The benchmark's own file or folder of questions, where the answers do not hold them. */
  readonly questions?: string;
  /** For benchmarks whose official scorer asks a language model about unclear answers. */
  readonly complete?: Complete;
}

/** The scores of one benchmark under one protocol. */
export interface Scored {
  /** `overall` is the headline figure, in the official scorer's unit. */
  readonly scores: { readonly overall: Score; readonly [name: string]: Score };
  /** How many questions (or pictures) the benchmark asks. */
  readonly items: number;
  /** … of which so many have no answer, */
  readonly missing: number;
  /** … and so many have one that the scorer could not use. */
  readonly failed: number;
  /** What a reader of the scores should know. */
  readonly notes: readonly string[];
  /** What the official scorer prints, where it prints scores line by line. */
  readonly printed?: string;
}

/** One benchmark: how files of answers become scores. */
export interface Benchmark {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** Whose rules may be followed; the first is the default. */
  readonly protocols: readonly string[];
  /** Changes whenever the same files may be scored otherwise. */
  readonly version: number;
  /**
   * @throws InputError naming file and line where the files are not what the official scorer reads
   */
  score(files: ScoreFiles, protocol: string): Promise<Scored>;
}

/** Of how many right: `null` of none. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
