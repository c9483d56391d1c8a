/** A fault of the database itself and how to correct it, a sentence each. */
export class DatabaseProblem extends Error {
  override readonly name = 'DatabaseProblem';

  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}
