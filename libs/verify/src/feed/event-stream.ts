/** A server-sent event. */
export interface StreamEvent {
  /** `message` unless the stream names another type. */
  type: string;
  data: string;
  /** The last id that the stream has set; empty where there is none. */
  id: string;
}

/** In characters: far above the 2 MB of the longest event. Without a limit a broken server could use up the memory. */
const MAX_EVENT_LENGTH = 64 * 1024 * 1024;

/** Parses `text/event-stream` (HTML Standard, section 9.2.6), from chunks that can end anywhere. Comments are skipped. */
export class EventStreamParser {
  private readonly decoder = new TextDecoder();
  /** Parts of the current line: a long line arrives in many chunks. */
  private parts: string[] = [];
  private endsWithReturn = false;
  private type = '';
  private data: string[] = [];
  private id = '';

  /** @throws RangeError where an event is too long */
  push(chunk: Uint8Array): StreamEvent[] {
    const events: StreamEvent[] = [];
    let text = this.decoder.decode(chunk, { stream: true });
    // A line ends with CR, LF or both: the LF may be in the next chunk.
    if (this.endsWithReturn && text.startsWith('\n')) text = text.slice(1);
    this.endsWithReturn = text.endsWith('\r') || (text === '' && this.endsWithReturn);
    const lines = text.split(/\r\n|\r|\n/);
    const rest = lines.pop() as string;
    for (const line of lines) {
      const event = this.line(this.parts.length > 0 ? this.parts.join('') + line : line);
      this.parts = [];
      if (event) events.push(event);
    }
    if (rest !== '') this.parts.push(rest);
    if (lengthOf(this.parts) + lengthOf(this.data) > MAX_EVENT_LENGTH)
      throw new RangeError('An event of the stream is too long.');
    return events;
  }

  private line(line: string): StreamEvent | null {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'event') this.type = value;
    else if (name === 'data') this.data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }

  private dispatch(): StreamEvent | null {
    const { type, data, id } = this;
    this.type = '';
    this.data = [];
    return data.length === 0 ? null : { type: type || 'message', data: data.join('\n'), id };
  }
}

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);
