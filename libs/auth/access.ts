import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `AccessGuard` on routes that need a token. */
    caller?: Principal;
  }
}

/** What a route requires of its caller. */
export type Access =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'token';
      /** The caller needs one of these. Empty: any valid token is enough. */
      readonly permissions: readonly string[];
      readonly nativeOnly: boolean;
    };

const ACCESS = Symbol('access');

/** Needs no token. An Authorization header is not read. */
export const Public = (): MethodDecorator => declare({ kind: 'public' });

/** Needs a valid token of any issuer. */
export const Authenticated = (): MethodDecorator =>
  declare({ kind: 'token', permissions: [], nativeOnly: false });

/**
 * Makes an application's `@RequirePermission(…)`: for callers who have at least one of these permissions, or `*`.
 * @typeParam Name the application's permissions; any other name does not compile
 */
export const permissionDecorator =
  <Name extends string>() =>
  (...permissions: [Name, ...Name[]]): MethodDecorator =>
    declare({ kind: 'token', permissions, nativeOnly: false });

/** Needs a token of a native account, for routes that change the caller's own account. */
export const NativeOnly = (): MethodDecorator =>
  declare({ kind: 'token', permissions: [], nativeOnly: true });

/** Injects the caller into a handler's parameter. Public routes have none. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === undefined) throw new Error('@Caller() on a route that is @Public().');
  return caller;
});

/** What a handler declares; undefined where it declares nothing. */
export const accessOf = (handler: object): Access | undefined => Reflect.getMetadata(ACCESS, handler);

function declare(access: Access): MethodDecorator {
  const mark: MethodDecorator = (_target, name, descriptor) => {
    const handler = descriptor.value as object;
    // Otherwise the last decorator would silently replace the permission of the first.
    if (accessOf(handler)) throw new Error(`${String(name)} declares its access twice.`);
    Reflect.defineMetadata(ACCESS, access, handler);
  };
  if (access.kind === 'public') return mark;
  const { permissions, nativeOnly } = access;
  return applyDecorators(
    mark,
    ApiBearerAuth('bearer'),
    ...(permissions.length === 0 ? [] : [ApiExtension('x-permission', permissions.join(' or '))]),
    ...(nativeOnly ? [ApiExtension('x-native-only', true)] : []),
  );
}
