import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../principal.js';

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
export const Public = (): MethodDecorator => declareAccess({ kind: 'public' });

/** Needs a valid token of any issuer. */
export const Authenticated = (): MethodDecorator =>
  declareAccess({ kind: 'token', permissions: [], nativeOnly: false });

/** For callers who have at least one of these permissions, or `*`. */
export const RequirePermission = (...permissions: [string, ...string[]]): MethodDecorator =>
  declareAccess({ kind: 'token', permissions, nativeOnly: false });

/** Needs a token of a native account. */
export const NativeOnly = (): MethodDecorator =>
  declareAccess({ kind: 'token', permissions: [], nativeOnly: true });

/** Injects the caller into a handler's parameter. Public routes have none. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { caller } = context.switchToHttp().getRequest<{ caller?: Principal }>();
  if (caller === undefined) throw new Error('@Caller() on a route that is @Public().');
  return caller;
});

/** What a handler declares; undefined where it declares nothing. */
export const accessOf = (handler: object): Access | undefined => Reflect.getMetadata(ACCESS, handler);

/** @throws Error, as a decorator, where the handler declares its access already */
export function declareAccess(access: Access): MethodDecorator {
  return (_target, name, descriptor) => {
    const handler = descriptor.value as object;
    // Otherwise the last decorator would silently replace the permission of the first.
    if (accessOf(handler)) throw new Error(`${String(name)} declares its access twice.`);
    Reflect.defineMetadata(ACCESS, access, handler);
  };
}
