import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { isId } from '#libs/core/ids.js';
import { type ErrorEntry, invalid, malformed, notFound } from '../replies/api-error.js';
import { MAX_UNKNOWN, unknownField, unknownParameter } from './input.pipe.js';

/** What a handler reads of a request beyond its path. */
interface DeclaredInput {
  query: boolean;
  body: boolean;
}

const inputs = new WeakMap<object, DeclaredInput>();

/**
 * After access and before the pipes: a malformed id is 404, and a query or a body where the handler declares none is
 * refused (422). What is in a declared one, `InputPipe` checks.
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
    if ((name === 'id' || name.endsWith('_id')) && !isId(params[name])) throw notFound();
  }
}

function requireNone(input: unknown, fault: (field: string) => ErrorEntry): void {
  const names = typeof input === 'object' && input !== null ? Object.keys(input) : [];
  if (names.length > 0) throw invalid(names.slice(0, MAX_UNKNOWN).map(fault));
}

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
