import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { NativeKeysService } from './native-keys.service.js';

/** How often the database is asked (ms): a withdrawn key is refused everywhere within 2 s. */
const INTERVAL_MS = 1_000;

/** Withdraws the native keys that `twinkey keys withdraw` has named, on any machine. They never return. */
@Injectable()
export class WithdrawnKeysService implements OnModuleInit {
  private readonly logger = new Logger(WithdrawnKeysService.name);
  private kids: ReadonlySet<string> = new Set();

  constructor(
    private readonly database: DataSource,
    private readonly background: BackgroundRunner,
    private readonly keys: NativeKeysService,
  ) {}

  /** Before the listener opens, so that no token of a withdrawn key is ever accepted. */
  async onModuleInit(): Promise<void> {
    await this.refresh();
    // While the database is away, the known keys stay withdrawn; requests report the outage.
    this.background.add({
      name: 'withdrawn-keys',
      intervalMs: INTERVAL_MS,
      runsWhileDraining: true,
      run: () => this.refresh(),
    });
  }

  private async refresh(): Promise<void> {
    const rows = await preparedQuery<{ id: string }>(this.database, {
      name: 'withdrawn-keys',
      text: `SELECT id FROM identity.revocations WHERE issuer = $1 AND kind = 'key' AND NOT removed
        AND (expires_at IS NULL OR expires_at > now())`,
      values: [NATIVE_ISSUER],
    });
    const found = new Set(rows.map(({ id }) => id));
    const added = [...found].filter((kid) => !this.kids.has(kid));
    const isSame = added.length === 0 && found.size === this.kids.size;
    if (isSame) return;
    this.kids = found;
    if (added.length > 0) this.logger.warn({ msg: 'native keys are withdrawn', kids: added });
    this.keys.withdraw(found);
  }
}
