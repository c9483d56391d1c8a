import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import type { FieldError } from '#libs/http/input/field.js';
import { SETTINGS } from '../settings.js';
import { normalizePassword } from './password-hasher.js';

/** More than a line: 40 digits, a colon, a count, and the line's end. */
const MAX_LINE = 128;
/** A part of the file that is read at once. */
const BLOCK = 4_096;

/** Searches `BREACHED_PASSWORDS_FILE`. Not loaded: the public list has tens of gigabytes. */
@Injectable()
export class BreachedPasswords implements OnModuleDestroy {
  private readonly file: number | null;
  private readonly size: number;

  constructor(
    @Inject(SETTINGS) {
      breachedPasswordsFile: path,
    }: Pick<IdentityProviderSettings, 'breachedPasswordsFile'>,
  ) {
    this.file = path === null ? null : openSync(path, 'r');
    this.size = this.file === null ? 0 : fstatSync(this.file).size;
  }

  onModuleDestroy(): void {
    if (this.file !== null) closeSync(this.file);
  }

  /** @returns the fault of a new password that is in the file */
  faultsOf(password: string): FieldError[] {
    if (!this.has(password)) return [];
    const message = 'The password is in a list of stolen passwords. Choose another one.';
    return [{ code: 'breached_password', message }];
  }

  /** A binary search, which reads about 25 blocks of the public list: synchronously, since bcrypt occupies libuv's pool. */
  private has(password: string): boolean {
    if (this.file === null) return false;
    const hash = createHash('sha1').update(normalizePassword(password)).digest('hex').toUpperCase();
    // `from` is the start of a line. The line that is searched starts before `to`.
    let from = 0;
    let to = this.size;
    while (to - from > BLOCK) {
      const middle = Math.floor((from + to) / 2);
      const text = this.read(middle, MAX_LINE * 2);
      const start = text.indexOf('\n') + 1;
      if (text.slice(start, start + 40).toUpperCase() > hash) to = middle + start;
      else from = middle + start;
    }
    return this.read(from, to - from + MAX_LINE)
      .split('\n')
      .some((line) => line.slice(0, 40).toUpperCase() === hash);
  }

  private read(position: number, length: number): string {
    const buffer = Buffer.alloc(length);
    return buffer.toString('latin1', 0, readSync(this.file as number, buffer, 0, length, position));
  }
}
