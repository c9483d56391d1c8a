import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { emailKey } from '../accounts/email.js';
import { hashClient } from './fair-places.js';
import { HashQueue } from './hash-queue.js';

/** Longer than any email: not worth reading, and left to validation. */
const MAX_LENGTH = 1_024;

/** For routes that do nothing but check a password: a flood is refused before its bodies are validated. */
@Injectable()
export class HashCapacityGuard implements CanActivate {
  constructor(private readonly queue: HashQueue) {}

  /** @throws ApiError 503 `overloaded` */
  canActivate(context: ExecutionContext): boolean {
    const { ip, body } = context.switchToHttp().getRequest<FastifyRequest>();
    this.queue.requireRoom(hashClient(ip, accountOf(body)));
    return true;
  }
}

/** As the login will ask for it, if the body turns out to be valid. */
function accountOf(body: unknown): string | null {
  const email = (body as { email?: unknown } | null | undefined)?.email;
  return typeof email === 'string' && email.length <= MAX_LENGTH ? emailKey(email) : null;
}
