import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { paths } from './cluster.js';
import type { DataDirectory } from './data-directory.js';

/** A process's reference to the running server (see the supervisor). The server runs until all references are released. */
export class ServerReference {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
  ) {}

  /** Null if no supervisor runs. */
  static acquire(directory: DataDirectory): ServerReference | null {
    const file = paths(directory).pipe;
    let descriptor: number;
    try {
      // Without O_NONBLOCK this would wait for a reader; with it, open fails with ENXIO if there is none.
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

  /** Whether the supervisor accepts references: false as soon as it is about to stop the server. */
  isOpen(): boolean {
    return existsSync(this.file);
  }

  release(): void {
    closeSync(this.descriptor);
  }
}
