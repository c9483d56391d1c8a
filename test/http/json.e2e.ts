import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWireApp, type WireApp } from '../support/wire-app.js';

let app: WireApp;
beforeAll(async () => {
  app = await startWireApp();
});
afterAll(() => app?.close());

/** @param body text, or bytes that are not text */
async function send(body: string | Uint8Array, path = '/echo', type = 'application/json') {
  const response = await fetch(app.url + path, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  return (await response.json()) as {
    status: string;
    code: number;
    data: { said?: unknown; polluted?: unknown } | null;
    errors: { field: string | null; code: string }[] | null;
  };
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const quoted = (...values: number[]) => bytes(0x22, ...values, 0x22);

describe('JSON that RFC 8259 does not allow is 400:', () => {
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['white space alone', ' \n'],
    ['an open array', '['],
    ['a closed one', ']'],
    ['the wrong bracket', '[1}'],
    ['an open object', '{"a":1'],
    ['an open string', '{"a'],
    ['a comma at the end', '[1,]'],
    ['a comma at the end of an object', '{"a":1,}'],
    ['two commas', '[1,,2]'],
    ['a leading comma', '[,1]'],
    ['no comma', '[1 2]'],
    ['a colon in an array', '["a":1]'],
    ['no colon', '{"a" 1}'],
    ['two colons', '{"a"::1}'],
    ['a key without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a number as a key', '{1:1}'],
    ['no value', '{"a":}'],
    ['two values', '{"a":1 2}'],
    ['text after the value', '{}x'],
    ['two documents', '{}{}'],
    ['a line of JSON and another', '{}\n{}'],
    ['a comment', '{/* */}'],
    ['a comment at the end of a line', '{} // x'],
    ['a hash', '# x\n{}'],
    ['True', '[True]'],
    ['nul', '[nul]'],
    ['undefined', '[undefined]'],
    ['NaN', '[NaN]'],
    ['Infinity', '[Infinity]'],
    ['-Infinity', '[-Infinity]'],
    ['a plus', '[+1]'],
    ['a leading zero', '[012]'],
    ['a negative leading zero', '[-01]'],
    ['two minuses', '[--1]'],
    ['a minus alone', '[-]'],
    ['a leading point', '[.5]'],
    ['a trailing point', '[1.]'],
    ['two points', '[1.2.3]'],
    ['an empty exponent', '[1e]'],
    ['an exponent with only a sign', '[1e+]'],
    ['hexadecimal', '[0x1F]'],
    ['a full-width digit', '[１]'],
    ['an underscore', '[1_000]'],
    ['a BigInt', '[1n]'],
    ['a tab in a string', '["\t"]'],
    ['a newline in a string', '["\n"]'],
    ['a NUL in a string', '["\0"]'],
    ['an empty escape', '["\\"]'],
    ['an unknown escape', '["\\x41"]'],
    ['an escape from C', '["\\a"]'],
    ['a short \\u', '["\\u12"]'],
    ['a \\u that is not hexadecimal', '["\\u00zz"]'],
    ['a capital \\U', '["\\U0041"]'],
    ['a NUL after the value', '{}\0'],
    ['a form feed', '[\f1]'],
    ['a non-breaking space', '[\u00a01]'],
    ['a word joiner', '[\u20601]'],
    ['a byte order mark in the middle', '[\ufeff1]'],
    ['a line separator outside of a string', '[\u20281]'],
    ['a lone continuation byte', quoted(0x80)],
    ['an invalid byte', quoted(0xff)],
    ['an overlong slash', quoted(0xc0, 0xaf)],
    ['a surrogate in UTF-8', quoted(0xed, 0xa0, 0x80)],
    ['an incomplete character', quoted(0xe2, 0x82)],
    ['a character beyond Unicode', quoted(0xf4, 0x90, 0x80, 0x80)],
    ['latin1', quoted(0xe9)],
    ['UTF-16', bytes(0xff, 0xfe, 0x7b, 0, 0x7d, 0)],
    ['UTF-16 without a mark', bytes(0, 0x7b, 0, 0x7d)],
    ['half a byte order mark', bytes(0xef, 0xbb, 0x7b, 0x7d)],
    ['XML', '<a/>'],
    ['a form', 'a=1&b=2'],
    ['JSONP', 'f({})'],
    ['100,000 open brackets', '['.repeat(100_000)],
    ['100,000 open objects', '{"":'.repeat(25_000)],
  ])('%s', async (_, body) => {
    expect(await send(body)).toMatchObject({
      status: 'error',
      code: 400,
      data: null,
      errors: [{ field: null, code: 'malformed_request' }],
    });
  });
});

describe('JSON that RFC 8259 allows is accepted unchanged:', () => {
  it.each<[string, string, unknown]>([
    ['an empty object', '{}', {}],
    ['white space around', ' \t\r\n{ "a" : [ 1 , 2 ] } \n', { a: [1, 2] }],
    ['a string', '"text"', 'text'],
    ['escapes', '["\\"\\\\\\/\\b\\f\\n\\r\\t"]', ['"\\/\b\f\n\r\t']],
    ['\\u', '["\\u0041\\u00E9\\u2028"]', ['Aé\u2028']],
    ['a pair of surrogates', '["\\ud83d\\ude00"]', ['😀']],
    ['characters of four bytes', '["😀𝄞"]', ['😀𝄞']],
    ['noncharacters', '["\\uffff\\ufffe"]', ['\uffff\ufffe']],
    ['DEL', '["\x7f"]', ['\x7f']],
    ['numbers', '[0, -0, 1.5, -1e-2, 1E+2, 123456789]', [0, 0, 1.5, -0.01, 100, 123456789]],
    ['literals', '[true, false, null]', [true, false, null]],
    ['an empty key', '{"":0}', { '': 0 }],
    ['keys that are names of methods', '{"toString":1,"valueOf":2,"hasOwnProperty":3,"then":4}', null],
    // RFC 8259, section 4: the last of two equal names counts, as in JSON.parse.
    ['a duplicate name', '{"a":1,"a":2}', { a: 2 }],
    ['a byte order mark', '\ufeff{}', {}],
  ])('%s', async (_, body, said) => {
    const answer = await send(body);
    expect([answer.code, answer.data?.said]).toEqual([200, said ?? JSON.parse(body)]);
  });

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; charset=utf8; x=y',
  ])('as %s', async (type) => {
    expect((await send('{}', '/echo', type)).code).toBe(200);
  });
});

describe('no key changes a prototype:', () => {
  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"\\u005f\\u005fproto__":{"polluted":true}}',
    '{"a":{"__proto__":{"polluted":true}}}',
    '{"a":[{"__proto__":null}]}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"a":{"constructor":{"prototype":{"polluted":true}}}}',
    '{"__proto__":{"name":"x"}}',
  ])('%s is 400, and the next request is not affected', async (body) => {
    for (const path of ['/echo', '/things']) {
      expect(await send(body, path)).toMatchObject({ code: 400, errors: [{ code: 'malformed_request' }] });
    }
    expect((await send('{}')).data).toEqual({ said: {}, polluted: null });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('such a name is allowed as a value', async () => {
    expect((await send('{"name":"__proto__"}', '/things')).data).toEqual({ name: '__proto__' });
    expect((await send('{"name":"constructor"}', '/things')).data).toEqual({ name: 'constructor' });
  });

  it.each(['constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'])(
    '%s is an unknown field',
    async (field) => {
      expect(await send(`{${JSON.stringify(field)}:"x"}`, '/things')).toMatchObject({
        code: 422,
        errors: [{ field, code: 'unknown_field' }],
      });
    },
  );
});

describe('a query', () => {
  const query = async (text: string) => {
    const response = await fetch(`${app.url}/things?${text}`);
    const { status, errors } = (await response.json()) as {
      status: string;
      errors: { field: string; code: string }[] | null;
    };
    const all = errors ?? [];
    return [status, ...all.map(({ field, code }) => `${field} ${code}`)];
  };

  it.each([
    ['limit=5', ['success']],
    ['limit=5&', ['success']],
    ['limit=1&limit=2', ['error', 'limit repeated_parameter']],
    ['limit=1&x=1&y=2', ['error', 'x unknown_parameter', 'y unknown_parameter']],
    [
      'limit=0&limit=2&x=1',
      ['error', 'x unknown_parameter', 'limit repeated_parameter', 'limit out_of_range'],
    ],
    ['limit[]=1', ['error', 'limit[] unknown_parameter']],
    ['limit[__proto__]=1', ['error', 'limit[__proto__] unknown_parameter']],
    ['__proto__=1', ['error', '__proto__ unknown_parameter']],
    ['__proto__[x]=1', ['error', '__proto__[x] unknown_parameter']],
    ['constructor=1', ['error', 'constructor unknown_parameter']],
    ['toString=1', ['error', 'toString unknown_parameter']],
    ['LIMIT=1', ['error', 'LIMIT unknown_parameter']],
    ['limit', ['error', 'limit out_of_range']],
    ['limit=', ['error', 'limit out_of_range']],
    ['limit=0', ['error', 'limit out_of_range']],
    ['limit=-1', ['error', 'limit out_of_range']],
    ['limit=101', ['error', 'limit out_of_range']],
    ['limit=1e1', ['error', 'limit out_of_range']],
    ['limit=5.0', ['error', 'limit out_of_range']],
    ['limit=%205', ['error', 'limit out_of_range']],
    ['limit=0x5', ['error', 'limit out_of_range']],
    ['limit=٥', ['error', 'limit out_of_range']],
    ['limit=1000000000', ['error', 'limit out_of_range']],
    ['limit=%00', ['error', 'limit out_of_range']],
    ['sort=name;drop', ['error', 'sort invalid_choice']],
    ['sort=name,id', ['error', 'sort invalid_choice']],
    ['sort=--name', ['error', 'sort invalid_choice']],
    ['sort=constructor', ['error', 'sort invalid_choice']],
    ['cursor=%00', ['error', 'cursor invalid_characters']],
    ['sort=%ff', ['error', 'sort invalid_choice']],
    ['sort=%', ['error', 'sort invalid_choice']],
  ])('%s', async (text, expected) => {
    expect(await query(text)).toEqual(expected);
  });
});
