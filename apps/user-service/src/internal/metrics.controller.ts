import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '#libs/auth/access.js';
import { metrics, scrape } from '#libs/observability/metrics.js';

/** Prometheus' text format, for all that runs in this process and in those that share its port. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  @Get()
  @Public()
  @Header('content-type', metrics.contentType)
  read(): Promise<string> {
    return scrape();
  }
}
