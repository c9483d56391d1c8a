import type { Profile } from './profile.js';
import type { ProfileReply } from './users.dto.js';

/** Lists the fields that a reply shows. Deleted profiles are never shown. */
export function toProfileReply(profile: Profile): ProfileReply {
  return {
    id: profile.id,
    issuer: profile.issuer,
    sub: profile.sub,
    username: profile.username,
    email: profile.email,
    email_verified: profile.emailVerified ?? false,
    first_name: profile.firstName,
    last_name: profile.lastName,
    display_name: profile.displayName,
    profile_picture: profile.profilePicture,
    status: profile.status as ProfileReply['status'],
    settings: profile.settings,
    created_at: profile.createdAt.toISOString(),
    updated_at: profile.updatedAt.toISOString(),
  };
}
