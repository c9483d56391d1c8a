import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { paths } from './cluster.js';
import type { Place } from './place.js';

/** A process' share in the running server (see `keeper.ts`), until it is released or the process has ended. */
export class Lease {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    private readonly inode = fstatSync(descriptor).ino,
  ) {}

  /** Null where no keeper is there. */
  static take(place: Place): Lease | null {
    const file = paths(place).lease;
    try {
      // Without O_NONBLOCK this would wait for a reader; with it, ENXIO says that there is none.
      return new Lease(file, openSync(file, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch {
      return null;
    }
  }

  /** Whether a keeper still counts on it: he takes the pipe away before he stops the server. */
  isCurrent(): boolean {
    return statSync(this.file, { throwIfNoEntry: false })?.ino === this.inode;
  }

  release(): void {
    closeSync(this.descriptor);
  }
}
