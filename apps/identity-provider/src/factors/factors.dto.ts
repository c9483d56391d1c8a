import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { FactorKind } from '#libs/database/identity/factor.entity.js';
import { type FieldOptions, field, rule } from '#libs/http/input/field.js';
import { ChoiceField, IdField, TextField } from '#libs/http/input/fields.js';
import { DisplayNameField } from '#libs/http/input/name-fields.js';
import { GivenPasswordField } from '../auth/auth.dto.js';
import type { ListedFactor } from './factor-rows.js';
import { MAX_CODE } from './recovery-code.js';

/** A credential's id of 1,023 bytes, base64url. */
const MAX_CREDENTIAL_ID = 1_364;

export const CodeField = (options: FieldOptions = {}): PropertyDecorator =>
  TextField({
    min: 1,
    max: MAX_CODE,
    example: '123456',
    description: 'The code of an authenticator app, or a recovery code.',
    ...options,
  });

/** WebAuthn's own JSON; the library checks what is inside. */
const ObjectField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    { type: 'object', additionalProperties: true },
    rule(
      (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'object_expected',
      'This must be an object.',
    ),
  );

/** Needed if the sign-in is older than ten minutes. */
export class Reauthentication {
  @GivenPasswordField({
    optional: true,
    description: 'Required if the sign-in, or the token, is older than 10 minutes.',
  })
  current_password?: string;
}

export class NewTotp extends Reauthentication {
  @DisplayNameField({ optional: true, example: 'My phone' })
  name?: string;
}

export class TotpConfirmation {
  @IdField({ example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0007' })
  id: string;

  @CodeField({ description: 'The current code of the authenticator app.' })
  code: string;
}

/** The JSON of a `PublicKeyCredential` that `navigator.credentials.create()` gave (WebAuthn level 3, section 5.1). */
export class NewPasskeyBody extends NewTotp {
  @TextField({ min: 1, max: MAX_CREDENTIAL_ID })
  id: string;

  @TextField({ min: 1, max: MAX_CREDENTIAL_ID })
  rawId: string;

  @ChoiceField(['public-key'])
  type: 'public-key';

  @ObjectField()
  response: Record<string, unknown>;

  @ObjectField({ optional: true })
  clientExtensionResults?: Record<string, unknown>;

  @TextField({ optional: true, nullable: true, max: 64 })
  authenticatorAttachment?: string | null;
}

export class FactorReply {
  @ApiProperty({ example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0007' })
  id: string;

  @ApiProperty({ enum: ['totp', 'passkey', 'recovery_codes'] })
  kind: FactorKind;

  @ApiProperty({ example: 'My phone' })
  name: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at: string | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'The number of unused recovery codes; null for other kinds.',
  })
  remaining: number | null;
}

export class AddedFactorReply extends FactorReply {
  @ApiProperty({
    type: [String],
    required: false,
    description: 'Ten codes, shown once: with the first second factor, and with new recovery codes.',
  })
  recovery_codes?: string[];
}

export class StartedTotpReply extends FactorReply {
  @ApiProperty({ description: 'In base32, for people who cannot scan the picture.' })
  secret: string;

  @ApiProperty({ example: 'otpauth://totp/Twinkey:ada%40example.com?secret=…' })
  uri: string;

  @ApiProperty({ description: 'The `uri` as a picture, in SVG.' })
  qr_svg: string;
}

/** The options of `navigator.credentials.create()`, WebAuthn's `PublicKeyCredentialCreationOptionsJSON`. */
export class PasskeyOptionsReply {
  @ApiProperty({ type: 'object', additionalProperties: true })
  rp: object;

  @ApiProperty({ type: 'object', additionalProperties: true })
  user: object;

  @ApiProperty()
  challenge: string;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  pubKeyCredParams: object[];

  @ApiProperty({ required: false })
  timeout?: number;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true }, required: false })
  excludeCredentials?: object[];

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  authenticatorSelection?: object;

  @ApiProperty({ type: [String], required: false })
  hints?: string[];

  @ApiProperty({ required: false })
  attestation?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  extensions?: object;
}

export const mapFactor = (factor: ListedFactor): FactorReply => ({
  id: factor.id,
  kind: factor.kind,
  name: factor.name,
  created_at: factor.createdAt.toISOString(),
  last_used_at: factor.lastUsedAt?.toISOString() ?? null,
  remaining: factor.remaining,
});
