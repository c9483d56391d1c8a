import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';

/** For the descriptions of the operations. */
export const NEEDS_INTERNAL_TOKEN = 'Needs `INTERNAL_API_TOKEN` as bearer token where it is set.';

/** Documents in OpenAPI that a bearer token is optional; `InternalTokenGuard` checks it. */
export const OptionalInternalToken = (): ClassDecorator =>
  applyDecorators(ApiBearerAuth('bearer'), ApiSecurity({}));
