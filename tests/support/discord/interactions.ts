import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  type APIInteractionResponse,
  type APIMessage,
  InteractionResponseType,
  MessageFlags,
} from 'discord-api-types/v10';
import { checkMessage } from './message-body.ts';
import {
  acknowledgedBefore,
  invalidBody,
  invalidWebhookToken,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from './refusal.ts';
import { snowflake } from './snowflake.ts';
import { buildMessage, type LocalChannel, type NewMessage, type World } from './world.ts';

/** Milliseconds in which the first answer has to come. */
const FIRST_ANSWER_MS = 3000;

/** An interaction and what became of it. */
export interface LocalInteraction {
  readonly id: string;
  readonly token: string;
  readonly channel: LocalChannel;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  /** The first answer; null until there is one. */
  response: APIInteractionResponse | null;
  /** What people see of the answer; null while it is "thinking". */
  original: APIMessage | null;
  /** Contents that the answer had, in order. */
  readonly edits: APIMessage[];
  readonly followups: APIMessage[];
  hasExpired: boolean;
}

/** Whether only the asker sees the answer. Set by the first answer and never again. */
export function isEphemeral({ response }: LocalInteraction): boolean {
  const data = response && 'data' in response ? response.data : undefined;
  const flags = data && 'flags' in data ? (data.flags ?? 0) : 0;
  return Boolean(flags & MessageFlags.Ephemeral);
}

/** What happens between somebody's tap and the answer. */
export class Interactions {
  readonly #world: World;
  readonly #keys = generateKeyPairSync('ed25519');
  readonly #byToken = new Map<string, LocalInteraction>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The public key as the developer portal shows it: 64 hex digits. */
  get publicKey(): string {
    const der = this.#keys.publicKey.export({ format: 'der', type: 'spki' });
    return der.subarray(-32).toString('hex');
  }

  /** Returns the headers that Discord sends with a body. */
  signatureOf(
    body: string | Uint8Array,
    atSeconds = Math.floor(Date.now() / 1000),
  ): Record<'x-signature-ed25519' | 'x-signature-timestamp', string> {
    const timestamp = String(atSeconds);
    const bytes = Buffer.concat([Buffer.from(timestamp), Buffer.from(body)]);
    const signature = sign(null, bytes, this.#keys.privateKey).toString('hex');
    return { 'x-signature-ed25519': signature, 'x-signature-timestamp': timestamp };
  }

  begin(channel: LocalChannel, fields: Readonly<Record<string, unknown>>): LocalInteraction {
    const id = snowflake();
    const token = `aW50ZXJhY3Rpb246${randomBytes(24).toString('hex')}`;
    const payload = { ...fields, id, token, application_id: this.#world.applicationId, version: 1 };
    const interaction: LocalInteraction = {
      id,
      token,
      channel,
      payload,
      createdAt: Date.now(),
      response: null,
      original: null,
      edits: [],
      followups: [],
      hasExpired: false,
    };
    this.#byToken.set(token, interaction);
    return interaction;
  }

  /** Takes the first answer, over HTTP or by callback. */
  answer(id: string, token: string, response: APIInteractionResponse): void {
    const interaction = this.#byToken.get(token);
    const isLate = interaction && Date.now() - interaction.createdAt > FIRST_ANSWER_MS;
    if (!interaction || interaction.id !== id || isLate) throw unknownInteraction();
    if (interaction.response) throw acknowledgedBefore();
    if (response.type === InteractionResponseType.ChannelMessageWithSource) {
      checkMessage(response.data);
      const { content, embeds } = response.data;
      interaction.original = this.#message(interaction, { content, embeds });
    } else if (response.type !== InteractionResponseType.DeferredChannelMessageWithSource) {
      throw invalidBody('type', 'BASE_TYPE_CHOICES', 'Not a type that a command takes.');
    }
    interaction.response = response;
  }

  original(token: string): APIMessage {
    const { original } = this.#answered(token);
    if (!original) throw unknownMessage();
    return original;
  }

  edit(token: string, body: NewMessage): APIMessage {
    const interaction = this.#answered(token);
    checkMessage(body);
    interaction.original = this.#message(interaction, body);
    interaction.edits.push(interaction.original);
    return interaction.original;
  }

  followUp(token: string, body: NewMessage): APIMessage {
    const interaction = this.#answered(token);
    checkMessage(body);
    const message = this.#message(interaction, body);
    interaction.followups.push(message);
    return message;
  }

  /** The token opens its webhook only after the first answer, and for fifteen minutes. */
  #answered(token: string): LocalInteraction {
    const interaction = this.#byToken.get(token);
    if (!interaction?.response) throw unknownWebhook();
    if (interaction.hasExpired) throw invalidWebhookToken();
    return interaction;
  }

  #message(interaction: LocalInteraction, body: NewMessage): APIMessage {
    const flags = isEphemeral(interaction) ? MessageFlags.Ephemeral : 0;
    return buildMessage(interaction.channel, this.#world.bot, { ...body, flags });
  }
}
