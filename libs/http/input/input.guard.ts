import { type CanActivate, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import { PARAMTYPES_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModuleRef } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { isId } from '#libs/core/ids.js';
import { ApiError, type ErrorEntry, invalid, malformed, notFound } from '../replies/api-error.js';
import { InputPipe, MAX_UNKNOWN, unknownField, unknownParameter } from './input.pipe.js';

/** Whether a handler has a parameter for the query, and the class of the one for the body. */
interface DeclaredInput {
  query: boolean;
  body: Type | null;
}

const inputs = new WeakMap<object, DeclaredInput>();

/**
 * Runs after the access guards and before the pipes. A malformed id is a 404; a query or a body is a 422 if the handler
 * does not declare one. `InputPipe` validates the declared ones.
 */
@Injectable()
export class InputGuard implements CanActivate {
  private readonly pipe: InputPipe;

  constructor(modules: ModuleRef) {
    this.pipe = new InputPipe(modules);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    requireIds(request.params as Record<string, string>);
    const declared = inputOf(context);
    if (declared.body && request.hasEmptyJsonBody) throw malformed();
    const errors = declared.query ? [] : unknown(request.query, unknownParameter);
    if (!declared.body) errors.push(...unknown(request.body, unknownField));
    // One response reports the errors of both.
    else if (errors.length > 0) errors.push(...this.bodyErrors(request.body, declared.body));
    if (errors.length > 0) throw invalid(errors);
    return true;
  }

  private bodyErrors(body: unknown, metatype: Type): readonly ErrorEntry[] {
    try {
      this.pipe.transform(body, { type: 'body', metatype });
      return [];
    } catch (error) {
      if (error instanceof ApiError) return error.errors;
      throw error;
    }
  }
}

function requireIds(params: Record<string, string>): void {
  for (const name in params) {
    // The name of an OAuth client is no UUID.
    if (name === 'client_id') continue;
    if ((name === 'id' || name.endsWith('_id')) && !isId(params[name])) throw notFound();
  }
}

function unknown(input: unknown, toError: (field: string) => ErrorEntry): ErrorEntry[] {
  const names = typeof input === 'object' && input !== null ? Object.keys(input) : [];
  return names.slice(0, MAX_UNKNOWN).map(toError);
}

/** Nest has no public way to ask for the parameters of a handler; `http.module.spec.ts` fails if this changes. */
function inputOf(context: ExecutionContext): DeclaredInput {
  const handler = context.getHandler();
  const known = inputs.get(handler);
  if (known) return known;
  const controller = context.getClass();
  const args: Record<string, { index: number }> =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler.name) ?? {};
  const types: Type[] = Reflect.getMetadata(PARAMTYPES_METADATA, controller.prototype, handler.name) ?? [];
  const find = (kind: RouteParamtypes) =>
    Object.entries(args).find(([key]) => key.startsWith(`${kind}:`))?.[1];
  const body = find(RouteParamtypes.BODY);
  const declared = {
    query: find(RouteParamtypes.QUERY) !== undefined,
    body: body ? (types[body.index] ?? Object) : null,
  };
  inputs.set(handler, declared);
  return declared;
}
