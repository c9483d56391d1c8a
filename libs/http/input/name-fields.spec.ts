import { describe, expect, it } from 'vitest';
import { ApiError } from '../replies/api-error.js';
import { InputPipe } from './input.pipe.js';
import { DisplayNameField, NameField } from './name-fields.js';

class Person {
  @NameField({ optional: true, nullable: true })
  first_name?: string | null;

  @DisplayNameField({ optional: true, nullable: true })
  display_name?: string | null;
}

const FIELDS = ['first_name', 'display_name'] as const;

const read = async (body: object): Promise<unknown> => {
  try {
    return { ...((await new InputPipe().transform(body, { type: 'body', metatype: Person })) as Person) };
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return (error as ApiError).errors.map(({ field, code }) => `${field} ${code}`);
  }
};

describe.each(FIELDS)('%s', (name) => {
  it.each(['Ada', 'Zoë 👩‍👩‍👧', 'x', 'О\u2019Нил', 'علي', 'می\u200cخواهم', '\u202edrow', null])(
    'accepts %j',
    async (text) => {
      expect(await read({ [name]: text })).toEqual({ [name]: text });
    },
  );

  it.each([
    ['', 'too_short'],
    [' ', 'too_short'],
    ['   ', 'too_short'],
    ['\u00a0', 'too_short'],
    ['\u2003', 'too_short'],
    ['\u3000 \u3000', 'too_short'],
    ['\u2028', 'too_short'],
    ['\u200b', 'too_short'],
    ['\u3164', 'too_short'],
    ['\ufeff\u00ad', 'too_short'],
    ['a\nb', 'invalid_characters'],
    ['a\tb', 'invalid_characters'],
    ['a\0b', 'invalid_characters'],
    ['\u001b[31mred', 'invalid_characters'],
    ['a\u007f', 'invalid_characters'],
    ['a\u0085b', 'invalid_characters'],
    ['a\ud800', 'invalid_characters'],
    [7, 'string_expected'],
  ])('rejects %j', async (text, code) => {
    expect(await read({ [name]: text })).toEqual([`${name} ${code}`]);
  });
});

it('a name is trimmed before its length is checked', async () => {
  expect(await read({ first_name: ' Ada\u3000\n' })).toEqual({ first_name: 'Ada' });
  expect(await read({ first_name: ` ${'x'.repeat(255)} ` })).toEqual({ first_name: 'x'.repeat(255) });
  expect(await read({ first_name: 'x'.repeat(256) })).toEqual(['first_name too_long']);
});

it('a display name is not changed', async () => {
  expect(await read({ display_name: ' Ada ' })).toEqual({ display_name: ' Ada ' });
  expect(await read({ display_name: 'x'.repeat(101) })).toEqual(['display_name too_long']);
});
