import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** What a test can make wrong. */
export interface Faults {
  origin?: string;
  rpId?: string;
  challenge?: string;
  counter?: number;
  isUserVerified?: boolean;
  userHandle?: string | null;
}

interface Options {
  challenge: string;
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: Buffer): string => data.toString('base64url');

/** CBOR (RFC 8949) of what authenticators send. */
function cbor(value: number | string | Buffer | Map<number | string, unknown>): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const entries = [...value].flatMap(([key, each]) => [cbor(key), cbor(each as never)]);
  return Buffer.concat([head(5, value.size), ...entries]);
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

/** An authenticator without a device, which can also answer wrongly: for what a browser would never send. */
export class SoftwarePasskey {
  readonly credentialId = randomBytes(16);
  // As PEM, because exporting key objects can deadlock Node 20.
  private readonly keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  private counter = 0;

  constructor(
    private readonly issuer: string,
    private readonly userHandle: string,
  ) {}

  /** Answers `navigator.credentials.create()`. */
  create({ challenge }: Options, faults: Faults = {}) {
    const point = this.keys.publicKey.subarray(-64);
    const cose = cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(point.subarray(0, 32))],
        [-3, Buffer.from(point.subarray(32))],
      ]),
    );
    const length = Buffer.from([0, this.credentialId.length]);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, cose]);
    const authData = Buffer.concat([this.authenticatorData(0x40, faults), attested]);
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]);
    return this.credential({
      clientDataJSON: base64url(this.clientData('webauthn.create', challenge, faults)),
      attestationObject: base64url(cbor(attestation)),
      transports: ['internal'],
    });
  }

  /** Answers `navigator.credentials.get()`. */
  get({ challenge }: Options, faults: Faults = {}) {
    const clientData = this.clientData('webauthn.get', challenge, faults);
    const authData = this.authenticatorData(0, faults);
    const signature = sign('sha256', Buffer.concat([authData, sha256(clientData)]), this.keys.privateKey);
    const { userHandle = this.userHandle } = faults;
    return this.credential({
      clientDataJSON: base64url(clientData),
      authenticatorData: base64url(authData),
      signature: base64url(signature),
      ...(userHandle === null ? {} : { userHandle }),
    });
  }

  private credential<T>(response: T) {
    const id = base64url(this.credentialId);
    return { id, rawId: id, type: 'public-key' as const, response, clientExtensionResults: {} };
  }

  private clientData(type: string, challenge: string, faults: Faults): Buffer {
    const origin = faults.origin ?? new URL(this.issuer).origin;
    return Buffer.from(
      JSON.stringify({ type, challenge: faults.challenge ?? challenge, origin, crossOrigin: false }),
    );
  }

  private authenticatorData(flags: number, faults: Faults): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(faults.counter ?? ++this.counter);
    const verified = (faults.isUserVerified ?? true) ? 0x04 : 0;
    const rpId = faults.rpId ?? new URL(this.issuer).hostname;
    return Buffer.concat([sha256(rpId), Buffer.from([0x01 | verified | flags]), counter]);
  }
}
