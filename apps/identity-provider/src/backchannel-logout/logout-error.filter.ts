import { Catch } from '@nestjs/common';
import { translateDatabaseError } from '#libs/database/errors/error-translation.js';
import type { ApiError } from '#libs/http/replies/api-error.js';
import { ErrorFilter } from '#libs/http/replies/error.filter.js';

/**
 * Errors as Back-Channel Logout 1.0, section 2.8, requires: 400 with a JSON object of RFC 6749, section 5.2. An outage
 * stays a 503: the logout can be sent again.
 */
@Catch()
export class LogoutErrorFilter extends ErrorFilter {
  constructor() {
    super([translateDatabaseError]);
  }

  protected override statusOf({ status }: ApiError): number {
    return status >= 500 ? status : 400;
  }

  protected override bodyOf({ status, message }: ApiError): string {
    const error =
      status < 500 ? 'invalid_request' : status === 503 ? 'temporarily_unavailable' : 'server_error';
    return JSON.stringify({ error, error_description: message });
  }
}
