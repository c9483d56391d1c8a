import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { InputGuard } from '../input/input.guard.js';
import { InputPipe } from '../input/input.pipe.js';
import { ErrorFilter } from '../replies/error.filter.js';
import type { ErrorTranslator } from '../replies/error-translation.js';

/**
 * Registers the error filter, the input guard and the input pipe for all handlers of an application.
 * Import it after the modules whose guards check access: guards run in the order in which their modules are imported.
 */
@Module({})
export class HttpModule {
  /** @param translators turn the errors of other libraries (the database) into responses */
  static forRoot({ translators = [] }: { translators?: ErrorTranslator[] } = {}): DynamicModule {
    return {
      module: HttpModule,
      providers: [
        { provide: APP_FILTER, useFactory: () => new ErrorFilter(translators) },
        { provide: APP_GUARD, useClass: InputGuard },
        { provide: APP_PIPE, useClass: InputPipe },
      ],
    };
  }
}
