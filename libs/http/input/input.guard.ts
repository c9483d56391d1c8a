import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { isId } from '#libs/core/ids.js';
import { type ErrorEntry, invalid, malformed, notFound } from '../replies/api-error.js';
import { MAX_UNKNOWN, unknownField, unknownParameter } from './input.pipe.js';

/** Whether a handler has parameters for the query and the body. */
interface DeclaredInput {
  query: boolean;
  body: boolean;
}

const inputs = new WeakMap<object, DeclaredInput>();

/**
 * Runs after the access guards and before the pipes. A malformed id is a 404; a query or a body is a 422 if the handler
 * does not declare one. `InputPipe` validates the declared ones.
 */
@Injectable()
export class InputGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    requireIds(request.params as Record<string, string>);
    const declared = inputOf(context);
    if (!declared.query) requireNone(request.query, unknownParameter);
    if (!declared.body) requireNone(request.body, unknownField);
    else if (request.hasEmptyJsonBody) throw malformed();
    return true;
  }
}

function requireIds(params: Record<string, string>): void {
  for (const name in params) {
    // The name of an OAuth client is no UUID.
    if (name === 'client_id') continue;
    if ((name === 'id' || name.endsWith('_id')) && !isId(params[name])) throw notFound();
  }
}

function requireNone(input: unknown, toError: (field: string) => ErrorEntry): void {
  const names = typeof input === 'object' && input !== null ? Object.keys(input) : [];
  if (names.length > 0) throw invalid(names.slice(0, MAX_UNKNOWN).map(toError));
}

/** Nest has no public way to ask for the parameters of a handler; `http.module.spec.ts` fails if this changes. */
function inputOf(context: ExecutionContext): DeclaredInput {
  const handler = context.getHandler();
  const known = inputs.get(handler);
  if (known) return known;
  const controller = context.getClass();
  const args: Record<string, unknown> =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler.name) ?? {};
  const reads = (kind: RouteParamtypes) => Object.keys(args).some((key) => key.startsWith(`${kind}:`));
  const declared = { query: reads(RouteParamtypes.QUERY), body: reads(RouteParamtypes.BODY) };
  inputs.set(handler, declared);
  return declared;
}
