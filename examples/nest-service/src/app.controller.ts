import { Controller, Get } from '@nestjs/common';
import { Authenticated, Caller, type Principal, Public, RequirePermission } from '@twinkey/verify/nest';

@Controller()
export class AppController {
  @Get('health')
  @Public()
  health() {
    return { status: 'ok' };
  }

  @Get('me')
  @Authenticated()
  me(@Caller() caller: Principal) {
    return { issuer: caller.issuer, sub: caller.sub, username: caller.username };
  }

  @Get('reports')
  @RequirePermission('reports:read')
  reports() {
    return [{ title: 'Sales' }];
  }
}
