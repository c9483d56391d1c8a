import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { metrics, scrapeMetrics } from '#libs/observability/metrics.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { NEEDS_INTERNAL_TOKEN, OptionalInternalToken } from './internal-token.guard.js';

const EXAMPLE = `# HELP twinkey_http_request_duration_seconds Response time by application, method, route and status.
# TYPE twinkey_http_request_duration_seconds histogram
twinkey_http_request_duration_seconds_count{app="user-service",method="GET",route="/users/me",status="200"} 1
`;

/** The metrics of this process, and of the worker processes that share its port, as Prometheus text. */
@ApiTags('metrics')
@OptionalInternalToken()
@Controller('metrics')
export class MetricsController {
  @Get()
  @Public()
  @ApiOperation({
    summary: 'The metrics of this process and its workers',
    description: `In the text format of Prometheus. ${NEEDS_INTERNAL_TOKEN}`,
  })
  @ApiOkResponse({
    description: 'The metrics.',
    content: { 'text/plain': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  @Header('content-type', metrics.contentType)
  read(): Promise<string> {
    return scrapeMetrics();
  }
}
