import { domainToASCII } from 'node:url';
import { type CanActivate, Inject, Injectable, Logger } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { RightsService } from '../authority/rights.service.js';
import { SETTINGS } from '../settings.js';
import { emailDomainNotAllowed, invitationsClosed, registrationClosed } from './self-service.errors.js';

/** Who may sign up, and which addresses they may use. */
@Injectable()
export class RegistrationPolicy {
  private readonly logger = new Logger(RegistrationPolicy.name);
  readonly settings: IdentityProviderSettings['registration'];

  constructor(
    @Inject(SETTINGS) { registration }: Pick<IdentityProviderSettings, 'registration'>,
    private readonly rights: RightsService,
  ) {
    this.settings = registration;
  }

  get isOpen(): boolean {
    return this.settings.mode === 'open';
  }

  /** @throws ApiError 403 `registration_closed` */
  assertOpen(): void {
    if (!this.isOpen) throw registrationClosed();
  }

  /** @throws ApiError 403 `invitations_closed` */
  assertInvitations(): void {
    if (this.settings.mode === 'off') throw invitationsClosed();
  }

  /** @throws ApiError 422 `email_domain_not_allowed` on `email` */
  assertDomain(email: string): void {
    const { emailDomains } = this.settings;
    const domain = domainToASCII(email.trim().split('@').at(-1) as string);
    if (emailDomains.length > 0 && !emailDomains.includes(domain)) throw emailDomainNotAllowed();
  }

  /**
   * The role of a new account. Where no setting names it, it must hold no permission.
   * @throws ApiError 403 `registration_closed`
   */
  async roleId(): Promise<string> {
    const { role, isRoleNamed } = this.settings;
    const [found] = await this.rights.findCurrentByRoleNames([role]);
    if (found && (isRoleNamed || found.permissions.length === 0)) return found.id;
    this.logger.error({
      msg: found
        ? 'nobody can sign up: the default role holds permissions, name it in REGISTRATION_ROLE'
        : 'nobody can sign up: the role of REGISTRATION_ROLE does not exist',
      role,
    });
    throw registrationClosed();
  }
}

/** Refuses a registration before its body is validated. */
@Injectable()
export class RegistrationGuard implements CanActivate {
  constructor(private readonly policy: RegistrationPolicy) {}

  /** @throws ApiError 403 `registration_closed` */
  canActivate(): boolean {
    this.policy.assertOpen();
    return true;
  }
}
