import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';

/** What the operations' descriptions say of it. */
export const NEEDS_INTERNAL_TOKEN = 'Needs `INTERNAL_API_TOKEN` as bearer token where it is set.';

/** For the OpenAPI document: `INTERNAL_API_TOKEN` where it is set, else nothing (`internal-token.guard.ts`). */
export const OptionalInternalToken = (): ClassDecorator =>
  applyDecorators(ApiBearerAuth('bearer'), ApiSecurity({}));
