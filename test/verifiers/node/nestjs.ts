import { Controller, Get, Injectable, Module, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';

@Injectable()
class TokenStrategy extends PassportStrategy(Strategy) {
  constructor() {
    const { ISSUER, AUDIENCE, JWKS_URL } = process.env;
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({ jwksUri: JWKS_URL as string, cache: true, rateLimit: true }),
      issuer: ISSUER as string,
      audience: AUDIENCE as string,
      algorithms: ['RS256'],
      // Gives `validate` the header as well.
      jsonWebTokenOptions: { complete: true },
    });
  }

  validate({ header, payload }: { header: { typ?: string }; payload: { sub: string } }) {
    if (header.typ !== process.env['TOKEN_TYPE']) throw new UnauthorizedException();
    return payload;
  }
}

@Controller()
class HomeController {
  @Get()
  @UseGuards(AuthGuard('jwt'))
  home(@Req() { user }: { user: { sub: string } }): string {
    return user.sub;
  }
}

@Module({ imports: [PassportModule], controllers: [HomeController], providers: [TokenStrategy] })
export class AppModule {}
