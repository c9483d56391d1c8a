import { type CanActivate, Injectable } from '@nestjs/common';
import { HashQueue } from './hash-queue.js';

/** For routes that do nothing but check a password: a flood is refused before its bodies are looked at. */
@Injectable()
export class HashCapacityGuard implements CanActivate {
  constructor(private readonly queue: HashQueue) {}

  /** @throws ApiError 503 `overloaded` */
  canActivate(): boolean {
    this.queue.requireRoom();
    return true;
  }
}
