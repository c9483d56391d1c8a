import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../../settings.js';
import { IssuerAddress } from '../provider/issuer-address.js';
import { type Image, readLogo } from './brand.js';
import { type Page, renderPage } from './layout.js';
import { PAGE_POLICY, SCRIPT_PAGE_POLICY } from './page-policy.js';
import { versionOf } from './page-script.js';
import { stylesheet } from './stylesheet.js';
import type { Texts } from './texts/texts.js';
import type { PageAnswer } from './visit.js';

/** Renders the pages in the installation's brand. */
@Injectable()
export class PageRenderer {
  readonly style: string;
  readonly styleVersion: string;
  readonly logo: Image | null;
  private readonly basePath: string;
  private readonly brandName: string;

  constructor(@Inject(SETTINGS) { brand, signing }: IdentityProviderSettings) {
    this.style = stylesheet(brand.color);
    this.styleVersion = versionOf(this.style);
    this.logo = readLogo(brand);
    this.brandName = brand.name;
    this.basePath = new IssuerAddress(signing.issuer).basePath;
  }

  send(reply: FastifyReply, { page, texts, status = 200, headers = {} }: PageAnswer): FastifyReply {
    return reply
      .code(status)
      .headers({ ...headers, 'content-security-policy': page.script ? SCRIPT_PAGE_POLICY : PAGE_POLICY })
      .type('text/html; charset=utf-8')
      .send(this.render(texts, page));
  }

  render(texts: Texts, page: Page): string {
    const { brandName, basePath, styleVersion } = this;
    return renderPage({ texts, brandName, basePath, styleVersion, hasLogo: this.logo !== null }, page);
  }
}
