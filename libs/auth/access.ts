import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `AccessGuard` where the route asks for a token. */
    caller?: Principal;
  }
}

/** What a route asks of its caller. */
export type Access =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'token';
      /** The caller needs one of these; empty: any good token will do. */
      readonly permissions: readonly string[];
      readonly nativeOnly: boolean;
    };

const ACCESS = Symbol('access');

/** Anybody; an Authorization header is not even looked at. */
export const Public = (): MethodDecorator => declare({ kind: 'public' });

/** Anybody with a good token, of either issuer. */
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

/** Native accounts, for what concerns the caller's own. */
export const NativeOnly = (): MethodDecorator =>
  declare({ kind: 'token', permissions: [], nativeOnly: true });

/** The handler's parameter that is the caller, on every route but a public one. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === undefined) throw new Error('@Caller() on a route that is @Public().');
  return caller;
});

/** What a handler declares, or undefined where it says nothing. */
export const accessOf = (handler: object): Access | undefined => Reflect.getMetadata(ACCESS, handler);

function declare(access: Access): MethodDecorator {
  const mark: MethodDecorator = (_target, name, descriptor) => {
    const handler = descriptor.value as object;
    // The last one would win in silence, and a permission be lost.
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
