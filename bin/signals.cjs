'use strict';

// Under npm a Ctrl-C arrives twice: from the terminal, which signals every foreground process, and from npm, which
// forwards its own signal. The duplicate is ignored, because a second Ctrl-C ends the process immediately and the first
// one must shut it down gracefully.
const DUPLICATE_WITHIN_MS = 1000;

const emit = process.emit;
let last = { event: '', at: Number.NEGATIVE_INFINITY };

process.emit = function emitOnce(event, ...args) {
  if (event === 'SIGINT' || event === 'SIGTERM') {
    const at = performance.now();
    if (event === last.event && at - last.at < DUPLICATE_WITHIN_MS) return true;
    last = { event, at };
    ignoreDuplicate(event);
  }
  return emit.call(this, event, ...args);
};

/** Without a listener, Node would end at the duplicate: a `once` listener is removed by the first signal. */
function ignoreDuplicate(signal) {
  const listener = () => {};
  process.on(signal, listener);
  setTimeout(() => process.off(signal, listener), DUPLICATE_WITHIN_MS).unref();
}
