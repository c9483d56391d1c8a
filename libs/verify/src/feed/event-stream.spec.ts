import { describe, expect, it } from 'vitest';
import { EventStreamParser, type StreamEvent } from './event-stream.js';

const TEXT =
  ': hello\r\n\r\nevent: snapshot\nid: 1\ndata: {"ä":1}\n\nevent:change\rdata:a\rdata: b\r\r: alive\n\ndata\n\nevent: x\n\nretry: 5\nid: 2\ndata: c\n\ndata: not complete';

const EVENTS: StreamEvent[] = [
  { type: 'snapshot', data: '{"ä":1}', id: '1' },
  { type: 'change', data: 'a\nb', id: '1' },
  { type: 'message', data: '', id: '1' },
  { type: 'message', data: 'c', id: '2' },
];

function parse(bytes: Uint8Array, size: number): StreamEvent[] {
  const parser = new EventStreamParser();
  const events: StreamEvent[] = [];
  for (let from = 0; from < bytes.length; from += size)
    events.push(...parser.push(bytes.subarray(from, from + size)));
  return events;
}

describe('EventStreamParser', () => {
  it.each([1, 2, 3, 7, 64, 10_000])('reads events from chunks of %i bytes', (size) => {
    expect(parse(Buffer.from(TEXT), size)).toEqual(EVENTS);
  });

  it('reads a long event that comes in many chunks', () => {
    const data = 'x'.repeat(3_000_000);
    expect(parse(Buffer.from(`data: ${data}\n\n`), 65_536)).toEqual([{ type: 'message', data, id: '' }]);
  });

  it('ignores an id with NUL, and does not keep the type of an event', () => {
    expect(parse(Buffer.from('event: a\nid: 1\ndata: 1\n\nid: \0\ndata: 2\n\n'), 100)).toEqual([
      { type: 'a', data: '1', id: '1' },
      { type: 'message', data: '2', id: '1' },
    ]);
  });

  it('refuses an event without an end', () => {
    const parser = new EventStreamParser();
    const chunk = Buffer.alloc(16 * 1024 * 1024, 'x');
    expect(() => {
      for (let count = 0; count < 6; count++) parser.push(chunk);
    }).toThrow(RangeError);
  });
});
