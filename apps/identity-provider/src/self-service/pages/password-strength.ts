import { Injectable } from '@nestjs/common';
import { BreachedPasswords } from '../../passwords/breached-passwords.js';
import { passwordFaults } from '../../passwords/password-policy.js';

export type StrengthLevel = 0 | 1 | 2 | 3;

export interface Strength {
  /** 0: a new password like this is refused. */
  level: StrengthLevel;
  /** The code of the first violated rule; null above level 0. */
  fault: string | null;
}

/** Judges new passwords by the rules of `NewPasswordField`, and those that it accepts by their length and variety. */
@Injectable()
export class PasswordStrength {
  constructor(private readonly breached: BreachedPasswords) {}

  /** @param email of the account; empty if it is not known */
  of(password: string, email: string): Strength {
    const [fault] = [...passwordFaults(password, email || undefined), ...this.breached.faultsOf(password)];
    return fault ? { level: 0, fault: fault.code } : { level: levelOf(password), fault: null };
  }
}

/** Repeated characters count twice at most. */
function levelOf(password: string): StrengthLevel {
  const characters = [...password];
  const length = Math.min(characters.length, 2 * new Set(characters).size);
  if (length >= 16) return 3;
  return length >= 12 ? 2 : 1;
}
