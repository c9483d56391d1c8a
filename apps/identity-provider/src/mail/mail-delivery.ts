import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import type { ScheduledTask } from '#libs/background/scheduled-task.js';
import type { Language } from '../languages.js';
import { type MailFailure, mailFailureOf, retryDelay } from './mail-failure.js';
import { isMailKind } from './mail-kinds.js';
import { countMail, showNoneGivenUp, showQueue } from './mail-metrics.js';
import { type ClaimedMail, MailQueue } from './mail-queue.js';
import { MailRenderer } from './mail-renderer.js';
import { MailTransport } from './mail-transport.js';
import { ServerPause } from './server-pause.js';
import { type AddressedMail, MAX_CONNECTIONS } from './smtp-transport.js';

/** How soon a mail is sent (ms). */
const INTERVAL_MS = 1_000;
const REVIEW_INTERVAL_MS = 15_000;
/** How long the shutdown waits for the server's answer. Afterwards another replica repeats the attempt. */
const DRAIN_TIMEOUT_MS = 8_000;
/** The pauses before the note about an attempt is written again, if the database is away (ms). */
const NOTE_PAUSES_MS = [250, 1_000, 3_000, 10_000, 30_000];

/** Sends the mails of the outbox: each replica those that it claims. See `docs/mail.md`. */
@Injectable()
export class MailDelivery implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Mail');
  private readonly pause = new ServerPause();
  private readonly attempts = new Set<Promise<void>>();
  private delivery: ScheduledTask | null = null;
  /** Whether the last claim left mails that are due. */
  private hasMore = false;
  private isStopped = false;

  constructor(
    private readonly background: BackgroundRunner,
    private readonly queue: MailQueue,
    private readonly renderer: MailRenderer,
    private readonly transport: MailTransport,
  ) {}

  onModuleInit(): void {
    showNoneGivenUp();
    this.background.add({ name: 'mail-review', intervalMs: REVIEW_INTERVAL_MS, run: () => this.review() });
    if (this.transport.isAvailable) {
      this.delivery = this.background.add({
        name: 'mail-delivery',
        intervalMs: INTERVAL_MS,
        run: () => this.deliver(),
      });
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    await Promise.race([Promise.all(this.attempts), sleep(DRAIN_TIMEOUT_MS, undefined, { ref: false })]);
    await this.transport.close();
    await Promise.all(this.attempts);
  }

  /** Claims as many mails as there are free connections, and does not wait for them: a slow one delays no other. */
  private async deliver(): Promise<void> {
    const free = Math.min(MAX_CONNECTIONS - this.attempts.size, this.pause.allowance(this.attempts.size));
    if (free <= 0 || this.isStopped) return;
    const mails = await this.queue.claim(free);
    this.hasMore = mails.length === free;
    for (const mail of mails) this.start(mail);
  }

  private start(mail: ClaimedMail): void {
    const attempt = this.attempt(mail)
      .catch((error: Error) => {
        this.logger.warn({ msg: 'mail attempt not noted', id: mail.id, cause: error.message });
      })
      .finally(() => {
        this.attempts.delete(attempt);
        if (this.hasMore) void this.delivery?.runNow();
      });
    this.attempts.add(attempt);
  }

  private async attempt(mail: ClaimedMail): Promise<void> {
    try {
      await this.transport.send(this.render(mail));
    } catch (error) {
      await this.fail(mail, mailFailureOf(error));
      return;
    }
    this.pause.end();
    countMail(mail.kind, 'sent');
    await this.note(() => this.queue.finish(mail, 'sent'));
  }

  private async fail(mail: ClaimedMail, { concerns, code, summary }: MailFailure): Promise<void> {
    const { id, kind, attempts } = mail;
    if (concerns === 'recipient') {
      this.pause.end();
      countMail(kind, 'refused');
      this.logger.warn({ msg: 'mail refused by the recipient’s server', id, kind, code });
      await this.note(() => this.queue.finish(mail, 'refused', summary));
      return;
    }
    if (concerns === 'server') this.pause.extend();
    else this.pause.end();
    const delay = this.isStopped ? 1 : retryDelay(attempts, concerns);
    countMail(kind, 'deferred');
    this.logger.warn({
      msg: 'mail not sent yet',
      id,
      kind,
      attempts,
      code,
      retry_seconds: Math.round(delay),
    });
    await this.note(() => this.queue.defer(mail, delay, summary));
  }

  private render({ id, kind, language, recipient, content }: ClaimedMail): AddressedMail {
    // A newer version may have written the row: this one leaves it to the newer replica.
    if (!isMailKind(kind)) throw new Error(`unknown kind of mail: ${kind}`);
    const rendered = this.renderer.render({
      kind,
      language: language as Language,
      recipient,
      values: content,
    });
    return { ...rendered, id, language, recipient };
  }

  /** An accepted mail that is not noted would be sent again: the note is repeated while the database is away. */
  private async note(write: () => Promise<void>): Promise<void> {
    for (const pause of NOTE_PAUSES_MS) {
      try {
        return await write();
      } catch (error) {
        if (this.isStopped) throw error;
        await sleep(pause, undefined, { ref: false });
      }
    }
    await write();
  }

  private async review(): Promise<void> {
    for (const { id, kind, attempts, last_error } of await this.queue.giveUp()) {
      countMail(kind, 'given_up');
      this.logger.error({ msg: 'mail given up', id, kind, attempts, last_error });
    }
    const { count, oldestSeconds } = await this.queue.size();
    showQueue(count, oldestSeconds);
  }
}
