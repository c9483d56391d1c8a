import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';

const DAY_MS = 86_400_000;

interface Issuer {
  subject: forge.pki.CertificateField[];
  privateKey: forge.pki.rsa.PrivateKey;
}

/** Names that a server certificate is good for, and when its life ends. */
export interface ServerCertificateOptions {
  dnsNames?: string[];
  addresses?: string[];
  /** From now on, in days; negative: it ended so long ago. */
  days?: number;
}

/** All of it in PEM. */
export interface KeyedCertificate {
  certificate: string;
  /** The certificate, followed by its authority's. */
  chain: string;
  key: string;
}

/** A private certificate authority, as managed databases and companies have one. */
export class PrivateAuthority {
  private constructor(
    /** Holds `ca.pem`. */
    readonly folder: string,
    /** The path of the authority's certificate. */
    readonly file: string,
    private readonly certificate: string,
    private readonly issuer: Issuer,
  ) {}

  static async make(): Promise<PrivateAuthority> {
    const keys = forge.pki.rsa.generateKeyPair(2048);
    const subject = [{ name: 'commonName', value: `Private CA ${randomBytes(4).toString('hex')}` }];
    const certificate = newCertificate(keys.publicKey, subject, subject, 30);
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ]);
    certificate.sign(keys.privateKey, forge.md.sha256.create());
    const folder = await mkdtemp(join(tmpdir(), 'twinkey-ca-'));
    // Servers run as users of their own.
    await chmod(folder, 0o755);
    const file = join(folder, 'ca.pem');
    const pem = forge.pki.certificateToPem(certificate);
    await writeFile(file, pem);
    return new PrivateAuthority(folder, file, pem, { subject, privateKey: keys.privateKey });
  }

  /** A server's certificate with its key. */
  issue({ dnsNames = [], addresses = [], days = 30 }: ServerCertificateOptions): KeyedCertificate {
    const keys = forge.pki.rsa.generateKeyPair(2048);
    const subject = [{ name: 'commonName', value: dnsNames[0] ?? addresses[0] ?? 'server' }];
    const certificate = newCertificate(keys.publicKey, subject, this.issuer.subject, days);
    certificate.setExtensions([
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...dnsNames.map((value) => ({ type: 2, value })),
          ...addresses.map((ip) => ({ type: 7, ip })),
        ],
      },
    ]);
    certificate.sign(this.issuer.privateKey, forge.md.sha256.create());
    const pem = forge.pki.certificateToPem(certificate);
    return {
      certificate: pem,
      chain: pem + this.certificate,
      key: forge.pki.privateKeyToPem(keys.privateKey),
    };
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

function newCertificate(
  publicKey: forge.pki.rsa.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  days: number,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // A first bit of 0: the number is positive.
  certificate.serialNumber = `00${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - 60 * DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + days * DAY_MS);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  return certificate;
}
