import { Body, Controller, createParamDecorator, type ExecutionContext, Get, Put, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { Authenticated } from '#libs/auth/access.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { OwnProfileService } from './own-profile.service.js';
import type { Profile } from './profile.js';
import { toProfileReply } from './profile-reply.js';
import { ProfileChange, ProfileReply, SettingsReply } from './users.dto.js';
import { notAPerson } from './users.errors.js';

/** The caller's own profile. @throws ApiError 403 `not_a_person` for a service account */
const OwnProfile = createParamDecorator((_: unknown, context: ExecutionContext): Profile => {
  const { profile } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!profile) throw notAPerson();
  return profile;
});

const NOT_A_PERSON = { 403: 'You are suspended, deleted, or a service account.' };

@ApiTags('me')
@Controller('users/me')
export class MeController {
  constructor(private readonly own: OwnProfileService) {}

  @Get()
  @Authenticated()
  @ApiOperation({ summary: 'Your profile; your first call creates it' })
  @Replies(ProfileReply, { message: 'Your profile.', etag: 'read', errors: NOT_A_PERSON })
  get(@OwnProfile() profile: Profile): Reply<ProfileReply> {
    return reply(profile);
  }

  @Put()
  @Authenticated()
  @ApiOperation({ summary: 'Change your profile; fields that are left out keep their values' })
  @Replies(ProfileReply, {
    message: 'Profile updated.',
    etag: 'write',
    errors: {
      ...NOT_A_PERSON,
      404: 'Your issuer no longer has this user.',
      409: 'Your issuer refuses a duplicate.',
    },
  })
  async update(
    @OwnProfile() profile: Profile,
    @Body() change: ProfileChange,
    @IfMatch() precondition: Precondition,
    @Req() request: FastifyRequest,
  ) {
    return reply(await this.own.update(request, profile, change, precondition));
  }

  @Get('settings')
  @Authenticated()
  @ApiOperation({ summary: 'Your settings' })
  @Replies(SettingsReply, { message: 'Your settings.', etag: 'read', errors: NOT_A_PERSON })
  settings(@OwnProfile() profile: Profile): Reply<Record<string, unknown>> {
    return settingsReply(profile);
  }

  @Put('settings')
  @Authenticated()
  @ApiOperation({ summary: 'Replace your settings' })
  @ApiBody({ schema: { type: 'object', additionalProperties: true, example: { theme: 'dark' } } })
  @Replies(SettingsReply, { message: 'Settings replaced.', etag: 'write', errors: NOT_A_PERSON })
  async replaceSettings(
    @OwnProfile() profile: Profile,
    @Body() settings: Record<string, unknown>,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ) {
    return settingsReply(await this.own.replaceSettings(profile, settings, precondition, audit));
  }
}

const reply = (profile: Profile): Reply<ProfileReply> =>
  Reply.tagged(toProfileReply(profile), profile.version);

const settingsReply = ({ settings, version }: Profile): Reply<Record<string, unknown>> =>
  Reply.tagged(settings, version);
