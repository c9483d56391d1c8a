import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../../settings.js';
import { IssuerAddress } from '../provider/issuer-address.js';
import { type Image, readLogo } from './brand.js';
import { type Page, renderPage } from './layout.js';
import { stylesheet } from './stylesheet.js';
import type { Texts } from './texts/texts.js';

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
    this.styleVersion = createHash('sha256').update(this.style).digest('base64url').slice(0, 12);
    this.logo = readLogo(brand);
    this.brandName = brand.name;
    this.basePath = new IssuerAddress(signing.issuer).basePath;
  }

  render(texts: Texts, page: Page): string {
    const { brandName, basePath, styleVersion } = this;
    return renderPage({ texts, brandName, basePath, styleVersion, hasLogo: this.logo !== null }, page);
  }
}
