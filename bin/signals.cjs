'use strict';

// Under npm a Ctrl-C arrives twice: from the terminal, which tells every process in the foreground, and from npm, which
// passes on what it was told. The copy is dropped, for a second Ctrl-C means "at once", and the first one alone has to
// close everything in good order.
const COPY_WITHIN_MS = 1000;

const emit = process.emit;
let last = { event: '', at: Number.NEGATIVE_INFINITY };

process.emit = function emitOnce(event, ...args) {
  if (event === 'SIGINT' || event === 'SIGTERM') {
    const at = performance.now();
    if (event === last.event && at - last.at < COPY_WITHIN_MS) return true;
    last = { event, at };
    hold(event);
  }
  return emit.call(this, event, ...args);
};

/** Without any listener Node would end at the copy: `once` takes its own away with the first. */
function hold(signal) {
  const listener = () => {};
  process.on(signal, listener);
  setTimeout(() => process.off(signal, listener), COPY_WITHIN_MS).unref();
}
