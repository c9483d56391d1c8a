import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserFacingError } from '#libs/core/user-facing-error.js';

const OWN_FOLDER = fileURLToPath(new URL('./templates', import.meta.url));

/** The files of the templates: those of `MAIL_TEMPLATES`, and Twinkey's own for the rest. */
export class TemplateFiles {
  /** @throws UserFacingError if the folder does not exist */
  constructor(private readonly folder: string | null) {
    if (folder !== null && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UserFacingError(`MAIL_TEMPLATES: ${folder} is not a folder.`);
    }
  }

  read(name: string): string {
    return this.find(name) ?? readFileSync(join(OWN_FOLDER, name), 'utf8');
  }

  /** The file in `MAIL_TEMPLATES`; null without one. */
  find(name: string): string | null {
    const path = this.folder === null ? null : join(this.folder, name);
    return path !== null && existsSync(path) ? readFileSync(path, 'utf8') : null;
  }
}
