import { describe, expect, it } from 'vitest';
import { ApiError } from '../replies/api-error.js';
import { TextField } from './fields.js';
import { InputPipe } from './input.pipe.js';

class Optional {
  @TextField({ min: 1, max: 10, optional: true })
  first_name?: string;
}

class Needed {
  @TextField({ min: 1, max: 10 })
  first_name!: string;
}

const pipe = new InputPipe();
const read = (metatype: typeof Optional | typeof Needed, value: unknown) =>
  pipe.transform(value, { type: 'query', metatype });

const refused = async (reading: Promise<unknown>) => {
  const error = await reading.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return (error as ApiError).errors.map(({ field }) => field);
};

describe('a query', () => {
  it('may be empty, the second time as the first, without two requests sharing what they get', async () => {
    const first = await read(Optional, {});
    const second = await read(Optional, {});
    expect(first).toBeInstanceOf(Optional);
    expect(second).toBeInstanceOf(Optional);
    expect(second).not.toBe(first);
  });

  it('is checked as ever after an empty one', async () => {
    await read(Optional, {});
    expect(await refused(read(Optional, { first_name: '' }))).toEqual(['first_name']);
    expect(await refused(read(Optional, { last_name: 'Doe' }))).toEqual(['last_name']);
  });

  it('that lacks what is needed is refused each time', async () => {
    expect(await refused(read(Needed, {}))).toEqual(['first_name']);
    expect(await refused(read(Needed, {}))).toEqual(['first_name']);
  });
});
