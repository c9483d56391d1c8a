import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { paths } from './cluster.js';
import type { DataDirectory } from './data-directory.js';

/** A process' share in the running server (see `server-supervisor.ts`), until it is released or the process has ended. */
export class ServerReference {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
  ) {}

  /** Null where no keeper is there. */
  static acquire(place: DataDirectory): ServerReference | null {
    const file = paths(place).lease;
    let descriptor: number;
    try {
      // Without O_NONBLOCK this would wait for a reader; with it, ENXIO says that there is none.
      descriptor = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return null;
    }
    try {
      writeSync(descriptor, '\n');
      return new ServerReference(file, descriptor);
    } catch {
      closeSync(descriptor);
      return null;
    }
  }

  /** Whether a keeper lets people in: no more, once he is about to stop the server. */
  isOpen(): boolean {
    return existsSync(this.file);
  }

  release(): void {
    closeSync(this.descriptor);
  }
}
