import { type CanActivate, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { type ErrorEntry, invalid, invalidField, malformed, notFound } from './api-error.js';
import { isId } from './ids.js';
import { declaredFields } from './input.pipe.js';

/** What a handler reads of a request beyond its path. */
interface DeclaredInput {
  query: ReadonlySet<string>;
  body: boolean;
}

const NONE: ReadonlySet<string> = new Set();
const inputs = new WeakMap<object, DeclaredInput>();

/**
 * After access and before the pipes: a malformed id is 404, and what the handler does not declare is refused
 * (422), the handler that declares no query or body at all included.
 */
@Injectable()
export class InputGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    requireIds(request.params as Record<string, string>);
    const declared = inputOf(context);
    requireDeclared(request.query as Record<string, unknown>, declared.query);
    if (!declared.body) requireNoBody(request.body);
    else if (request.isEmptyJson) throw malformed();
    return true;
  }
}

function requireIds(params: Record<string, string>): void {
  for (const name in params) {
    if ((name === 'id' || name.endsWith('_id')) && !isId(params[name])) throw notFound();
  }
}

function requireDeclared(query: Record<string, unknown>, declared: ReadonlySet<string>): void {
  const faults: ErrorEntry[] = [];
  for (const field of Object.keys(query)) {
    if (!declared.has(field)) {
      faults.push({ field, code: 'unknown_parameter', message: 'There is no such query parameter here.' });
    } else if (Array.isArray(query[field])) {
      faults.push({ field, code: 'repeated_parameter', message: 'This query parameter may stand once.' });
    }
  }
  if (faults.length > 0) throw invalid(faults);
}

function requireNoBody(body: unknown): void {
  const field = typeof body === 'object' && body !== null ? Object.keys(body)[0] : undefined;
  if (field !== undefined) throw invalidField(field, 'unknown_field', 'There is no such field here.');
}

function inputOf(context: ExecutionContext): DeclaredInput {
  const handler = context.getHandler();
  const known = inputs.get(handler);
  if (known) return known;
  const controller = context.getClass();
  const args: Record<string, { index: number }> =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler.name) ?? {};
  const types: Type[] = Reflect.getMetadata('design:paramtypes', controller.prototype, handler.name) ?? [];
  const argument = (kind: RouteParamtypes) =>
    Object.entries(args).find(([key]) => key.startsWith(`${kind}:`))?.[1];
  const query = argument(RouteParamtypes.QUERY);
  const queryType = query && types[query.index];
  const declared = {
    query: queryType ? declaredFields(queryType) : NONE,
    body: argument(RouteParamtypes.BODY) !== undefined,
  };
  inputs.set(handler, declared);
  return declared;
}
