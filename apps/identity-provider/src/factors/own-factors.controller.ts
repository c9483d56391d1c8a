import { Body, Controller, Delete, Get, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { NativeOnly } from '#libs/auth/access.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { CurrentPassword } from '../auth/current-password.js';
import { CurrentRequester, type Requester } from '../self-service/requester.js';
import { CallerAccount, type SessionAccount } from '../sessions/session-account.js';
import {
  AddedFactorReply,
  FactorReply,
  mapFactor,
  NewPasskeyBody,
  NewTotp,
  PasskeyOptionsReply,
  Reauthentication,
  StartedTotpReply,
  TotpConfirmation,
} from './factors.dto.js';
import { type AddedFactor, OwnFactorsService } from './own-factors.service.js';

const OLD = '`reauthentication_required`: the sign-in is older than 10 minutes, and there is no password.';
const WRONG = 'Too many wrong passwords.';
const FULL = 'The account has 20 factors already.';

@ApiTags('auth')
@Controller('auth/factors')
export class OwnFactorsController {
  constructor(
    private readonly factors: OwnFactorsService,
    private readonly password: CurrentPassword,
  ) {}

  @Get()
  @NativeOnly()
  @ApiOperation({ operationId: 'authFactors', summary: 'List your second factors' })
  @Replies([FactorReply], { message: 'Your factors.', paged: false })
  async list(@CallerAccount() { id }: SessionAccount): Promise<FactorReply[]> {
    return (await this.factors.list(id)).map(mapFactor);
  }

  @Post('totp')
  @NativeOnly()
  @ApiOperation({ operationId: 'authStartTotp', summary: 'Start to add an authenticator app' })
  @Replies(StartedTotpReply, {
    status: 201,
    message: 'Confirm the authenticator app with its code.',
    errors: { 403: OLD, 409: FULL, 429: WRONG },
  })
  async startTotp(
    @Caller() caller: Principal,
    @CallerAccount() account: SessionAccount,
    @Body() { name, current_password }: NewTotp,
    @Audit() audit: RequestAudit,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StartedTotpReply> {
    await this.password.requireRecentSignIn(account, caller, current_password, audit);
    const { secret, uri, qrSvg, ...factor } = await this.factors.startTotp(account, name);
    locate(reply, factor.id);
    return { ...mapFactor(factor), secret, uri, qr_svg: qrSvg };
  }

  @Post('totp/confirm')
  @NativeOnly()
  @ApiOperation({ operationId: 'authConfirmTotp', summary: 'Confirm an authenticator app with its code' })
  @Replies(AddedFactorReply, { message: 'Authenticator app added.' })
  async confirmTotp(
    @CallerAccount() account: SessionAccount,
    @Body() { id, code }: TotpConfirmation,
    @CurrentRequester() requester: Requester,
  ): Promise<AddedFactorReply> {
    return mapAdded(await this.factors.confirmTotp(account, id, code, requester));
  }

  @Post('recovery-codes')
  @NativeOnly()
  @ApiOperation({
    operationId: 'authRenewRecoveryCodes',
    summary: 'Make ten new recovery codes; the old ones no longer work',
  })
  @Replies(AddedFactorReply, {
    status: 201,
    message: 'Recovery codes made.',
    errors: { 403: OLD, 409: 'The account has no second factor.', 429: WRONG },
  })
  async renewRecoveryCodes(
    @Caller() caller: Principal,
    @CallerAccount() account: SessionAccount,
    @Body() { current_password }: Reauthentication,
    @CurrentRequester() requester: Requester,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AddedFactorReply> {
    await this.password.requireRecentSignIn(account, caller, current_password, requester.audit);
    const renewed = await this.factors.renewRecoveryCodes(account, requester);
    locate(reply, renewed.factor.id);
    return mapAdded(renewed);
  }

  @Post('passkeys/options')
  @NativeOnly()
  @ApiOperation({ operationId: 'authPasskeyOptions', summary: 'Start to add a passkey' })
  @Replies(PasskeyOptionsReply, {
    message: 'Options of navigator.credentials.create().',
    errors: { 403: OLD, 429: WRONG },
  })
  async passkeyOptions(
    @Caller() caller: Principal,
    @CallerAccount() account: SessionAccount,
    @Body() { current_password }: Reauthentication,
    @Audit() audit: RequestAudit,
  ): Promise<PasskeyOptionsReply> {
    await this.password.requireRecentSignIn(account, caller, current_password, audit);
    return this.factors.passkeyOptions(account);
  }

  @Post('passkeys')
  @NativeOnly()
  @ApiOperation({ operationId: 'authAddPasskey', summary: 'Add a passkey' })
  @Replies(AddedFactorReply, {
    status: 201,
    message: 'Passkey added.',
    errors: { 403: OLD, 409: `The passkey was added already. ${FULL}`, 429: WRONG },
  })
  async addPasskey(
    @Caller() caller: Principal,
    @CallerAccount() account: SessionAccount,
    @Body() { name, current_password, ...credential }: NewPasskeyBody,
    @CurrentRequester() requester: Requester,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AddedFactorReply> {
    await this.password.requireRecentSignIn(account, caller, current_password, requester.audit);
    // The library checks the form of what browsers send.
    const response = { clientExtensionResults: {}, ...credential } as never;
    const added = await this.factors.addPasskey(account, response, requester, { name });
    locate(reply, added.factor.id);
    return mapAdded(added);
  }

  @Delete(':id')
  @NativeOnly()
  @ApiOperation({
    operationId: 'authRemoveFactor',
    summary: 'Remove a second factor; the recovery codes go with the last one',
  })
  @Replies(null, { message: 'Factor removed.', errors: { 403: OLD, 429: WRONG } })
  async remove(
    @Caller() caller: Principal,
    @CallerAccount() account: SessionAccount,
    @Param('id') id: string,
    @Body() { current_password }: Reauthentication,
    @CurrentRequester() requester: Requester,
  ): Promise<Reply> {
    await this.password.requireRecentSignIn(account, caller, current_password, requester.audit);
    await this.factors.remove(account.id, id, requester);
    return Reply.nothing();
  }
}

/** Factors are removed at their own address, which is not below the one that adds them. */
const locate = (reply: FastifyReply, id: string): void => {
  const { url = '' } = reply.request.routeOptions;
  reply.header('location', `${url.slice(0, url.indexOf('/factors'))}/factors/${id}`);
};

const mapAdded = ({ factor, recoveryCodes }: AddedFactor): AddedFactorReply => ({
  ...mapFactor(factor),
  ...(recoveryCodes === null ? {} : { recovery_codes: recoveryCodes }),
});
