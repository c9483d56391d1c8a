import { Test } from '@nestjs/testing';
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
import { describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { ApiError } from '../replies/api-error.js';
import { field } from './field.js';
import { IdListField, TextField } from './fields.js';
import { InputPipe } from './input.pipe.js';

class Optional {
  @TextField({ min: 1, max: 10, optional: true })
  first_name?: string;
}

class Required {
  @TextField({ min: 1, max: 10 })
  first_name!: string;
}

const pipe = new InputPipe();
const read = async (metatype: typeof Optional | typeof Required, value: unknown) =>
  pipe.transform(value, { type: 'query', metatype });

const rejectedFields = async (reading: Promise<unknown>) => {
  const error = await reading.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return (error as ApiError).errors.map(({ field }) => field);
};

describe('a query', () => {
  it('can be empty, and each request gets a new object', async () => {
    const first = await read(Optional, {});
    const second = await read(Optional, {});
    expect(first).toBeInstanceOf(Optional);
    expect(second).toBeInstanceOf(Optional);
    expect(second).not.toBe(first);
  });

  it('is validated after an empty one', async () => {
    await read(Optional, {});
    expect(await rejectedFields(read(Optional, { first_name: '' }))).toEqual(['first_name']);
    expect(await rejectedFields(read(Optional, { last_name: 'Doe' }))).toEqual(['last_name']);
  });

  it('without a required field is rejected each time', async () => {
    expect(await rejectedFields(read(Required, {}))).toEqual(['first_name']);
    expect(await rejectedFields(read(Required, {}))).toEqual(['first_name']);
  });
});

describe('the rules of a field', () => {
  it('run once, and all their errors are reported', async () => {
    let runs = 0;
    class Tags {
      @field({}, { type: [String] }, () => {
        runs++;
        return [1, 3].map((index) => ({ path: `[${index}]`, code: 'invalid_tag', message: 'Invalid.' }));
      })
      tags!: string[];
    }
    const reading = async () => pipe.transform({ tags: [] }, { type: 'body', metatype: Tags });
    expect(await rejectedFields(reading())).toEqual(['tags[1]', 'tags[3]']);
    expect(runs).toBe(1);
  });

  it('can use providers of the application, and without an application they fail', async () => {
    class Colours {
      readonly known = ['red'];
    }
    class Paint {
      @TextField({ max: 3 })
      name!: string;

      @field({}, { type: String }, (value, _input, providers) =>
        providers(Colours).known.includes(value as string) ? null : { code: 'unknown', message: 'Unknown.' },
      )
      colour!: string;
    }
    const testing = await Test.createTestingModule({ providers: [InputPipe, Colours] }).compile();
    const reading = async (used: InputPipe, colour: string) =>
      used.transform({ name: 'wall', colour }, { type: 'body', metatype: Paint });
    expect(await rejectedFields(reading(testing.get(InputPipe), 'blue'))).toEqual(['name', 'colour']);
    expect(await rejectedFields(reading(testing.get(InputPipe), 'red'))).toEqual(['name']);
    await expect(reading(pipe, 'red')).rejects.toThrow('it needs Colours');
  });

  it('are inherited', async () => {
    class More extends Required {
      @TextField({ max: 10, optional: true })
      last_name?: string;
    }
    expect(await rejectedFields(read(More, { last_name: 'x' }))).toEqual(['first_name']);
    expect(await read(More, { first_name: 'a', last_name: 'b' })).toBeInstanceOf(More);
  });

  it('cannot be bypassed with another decorator of class-validator', async () => {
    class Mixed {
      @ValidateBy({ name: 'isInt', validator: { validate: Number.isInteger } })
      @TextField({ max: 10 })
      name!: string;
    }
    const reading = async () => pipe.transform({ name: 'Ada' }, { type: 'body', metatype: Mixed });
    await expect(reading()).rejects.toThrow('field()');
  });
});

it('a list of ids is rejected with the index of each invalid entry', async () => {
  class Ids {
    @IdListField()
    ids!: string[];
  }
  const reading = async () => pipe.transform({ ids: ['1', newId(), '2'] }, { type: 'body', metatype: Ids });
  expect(await rejectedFields(reading())).toEqual(['ids[0]', 'ids[2]']);
});
