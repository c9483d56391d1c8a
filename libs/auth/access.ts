import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { PermissionName } from '#libs/core/permission-catalogue.js';
import { type Access, declareAccess } from '#libs/verify/src/nest/access.js';
import type { Principal, VerifiedToken } from '#libs/verify/src/principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `AccessGuard` on routes that need a token. */
    caller?: Principal;
    /** The verified token that names the caller. */
    verifiedToken?: VerifiedToken;
  }
}

/** Needs a valid token of any issuer. */
export const Authenticated = (): MethodDecorator => documented({ permissions: [], nativeOnly: false });

/** For callers who have at least one of these permissions, or `*`. */
export const RequirePermission = (...permissions: [PermissionName, ...PermissionName[]]): MethodDecorator =>
  documented({ permissions, nativeOnly: false });

/** Needs a token of a native account, for routes that change the caller's own account. */
export const NativeOnly = (): MethodDecorator => documented({ permissions: [], nativeOnly: true });

/** Declares the access of a handler for the guard, and in the OpenAPI document. */
function documented({ permissions, nativeOnly }: Omit<Access & { kind: 'token' }, 'kind'>): MethodDecorator {
  return applyDecorators(
    declareAccess({ kind: 'token', permissions, nativeOnly }),
    ApiBearerAuth('bearer'),
    ...(permissions.length === 0 ? [] : [ApiExtension('x-permission', permissions.join(' or '))]),
    ...(nativeOnly ? [ApiExtension('x-native-only', true)] : []),
  );
}
