export const EVENT_STREAM = 'text/event-stream';

/**
 * Whether an `Accept` header prefers JSON to an event stream (RFC 9110, section 12.5.1). The stream is the default.
 * @param accept undefined where the request has no such header
 */
export function prefersJson(accept = '*/*'): boolean {
  const weights = new Map(accept.split(',').map(parseRange));
  const weightOf = (...ranges: string[]) =>
    ranges.map((range) => weights.get(range)).find((w) => w !== undefined);
  const json = weightOf('application/json', 'application/*') ?? 0;
  const stream = weightOf(EVENT_STREAM, 'text/*') ?? 0;
  return json > stream;
}

function parseRange(range: string): [type: string, weight: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return [type, Number.isNaN(weight) ? 0 : weight];
}
