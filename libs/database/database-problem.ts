/** Something that is wrong with a database itself, and what mends it; a sentence each. */
export class DatabaseProblem extends Error {
  override readonly name = 'DatabaseProblem';

  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}
