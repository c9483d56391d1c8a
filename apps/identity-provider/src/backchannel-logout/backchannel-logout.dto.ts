import { ApiProperty, type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';

export class LogoutForm {
  @ApiProperty({ description: 'A JWT with the header type `logout+jwt`, signed by the Keycloak realm.' })
  logout_token: string;
}

export class LogoutErrorReply {
  @ApiProperty({ enum: ['invalid_request', 'temporarily_unavailable', 'server_error'] })
  error: string;

  @ApiProperty({ example: 'The logout token is not valid.' })
  error_description: string;
}

/** An error of RFC 6749, section 5.2, which the standard requires in place of the envelope. */
export const describeLogoutError = (status: number, description: string): ApiResponseOptions => ({
  status,
  description,
  content: { 'application/json': { schema: { $ref: getSchemaPath(LogoutErrorReply) } } },
});
