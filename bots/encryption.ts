import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { UndertoneError } from '../core/index.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Of the nonce, as NIST SP 800-38D recommends it for GCM. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

/** What each key has to be, to complete the sentence "Set … to …". */
export const ENCRYPTION_KEYS =
  'a key of 32 bytes in base64, which "openssl rand -base64 32" makes, or several, separated by commas: the first encrypts';

/** Encrypts texts that are stored where others might read them. */
export interface Encryption {
  /**
   * Returns a text encrypted with the first key.
   *
   * @param context what the text belongs to: it can be decrypted with the same context only, so that
   * whoever can write to the store cannot pass one entry off as another
   */
  encrypt(text: string, context: string): string;
  /**
   * Returns the text of `encrypt`, with whichever key it was encrypted.
   *
   * @throws UndertoneError `configuration-invalid` if its key is missing, or it was changed
   */
  decrypt(sealed: string, context: string): string;
  /** @throws UndertoneError `configuration-invalid` if the key of a text is missing */
  requireKeyOf(sealed: string): void;
  /** Returns whether a text was encrypted with another key than the first. */
  isOutdated(sealed: string): boolean;
  /** Returns a secret that is derived from the first key, for one purpose. */
  derive(purpose: string): string;
}

interface Key {
  /** The beginning of a hash of the key: it tells keys apart and says nothing about them. */
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * Returns authenticated encryption (AES-256-GCM) with one key or several. To replace a key, put the new
 * one before it; the old one can go once nothing is encrypted with it any more. Each text names its key
 * by a hash, so keys need no names.
 *
 * @param keys base64 of 32 bytes each, separated by commas
 * @throws UndertoneError `configuration-invalid`
 * @example
 * const { encrypt, decrypt } = encryptionWith(process.env.KEYS);
 * decrypt(encrypt('xoxb-…', 'T1'), 'T1'); // xoxb-…
 */
export function encryptionWith(keys: string): Encryption {
  const ring = keys.split(',').map((text) => keyFrom(text.trim()));
  const [first] = ring;
  /** Returns the key of a text; undefined if the text is not one of ours. */
  const keyOf = (sealed: string) => {
    const [version, id] = sealed.split('.');
    if (version !== VERSION || !id) return undefined;
    const key = ring.find((each) => each.id === id);
    if (!key) throw keyMissing(id);
    return key;
  };
  return {
    encrypt(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, first.bytes, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const sealed = Buffer.concat([nonce, body, cipher.getAuthTag()]);
      return [VERSION, first.id, sealed.toString('base64url')].join('.');
    },
    decrypt(sealed, context) {
      const key = keyOf(sealed);
      const bytes = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
      if (!key || bytes.length < NONCE_BYTES + TAG_BYTES) throw damaged();
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
        const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch {
        throw damaged();
      }
    },
    requireKeyOf: (sealed) => void keyOf(sealed),
    isOutdated: (sealed) => sealed.split('.')[1] !== first.id,
    derive: (purpose) =>
      Buffer.from(hkdfSync('sha256', first.bytes, '', purpose, KEY_BYTES)).toString('base64url'),
  };
}

function keyFrom(text: string): Key {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/]+=*$/.test(text)) {
    throw new UndertoneError(
      'configuration-invalid',
      `UNDERTONE_SLACK_ENCRYPTION_KEYS, or "encryptionKeys" of the secret, has to be ${ENCRYPTION_KEYS}. docs/slack.md explains it.`,
    );
  }
  const id = createHash('sha256').update(bytes).digest('base64url').slice(0, 10);
  return { id, bytes };
}

function keyMissing(id: string): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    `A stored installation is encrypted with the key ${id}, which is not among UNDERTONE_SLACK_ENCRYPTION_KEYS ("encryptionKeys" of the secret). Add the earlier key after the current one, separated by a comma. If it is lost, delete the stored installations; every workspace then has to install the app again.`,
  );
}

function damaged(): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    'A stored installation is damaged: it cannot be decrypted, although its key is there. The workspace has to install the app again, which replaces it.',
  );
}
