import { createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Hono } from 'hono';
import { isPing, readInteraction } from '../bots/discord/interaction.ts';
import { verifyDiscord, verifySlack } from '../bots/signatures.ts';
import { intake } from '../bots/slack/payloads.ts';
import { createApp } from '../cli/serve/app.ts';
import { parseClientMessage } from '../cli/serve/live/protocol.ts';
import { decodeMp3 } from '../core/audio/mp3.ts';
import { readOggOpus } from '../core/audio/ogg.ts';
import type { OpusStream } from '../core/audio/opus.ts';
import { sniff } from '../core/audio/sniff.ts';
import { decodeWav } from '../core/audio/wav.ts';
import { readWebmOpus } from '../core/audio/webm.ts';
import { API_CODES, classify, ERROR_TABLE, MAX_SECONDS, verdictSchema } from '../core/index.ts';
import { createdObjects } from '../functions/aws/notification.ts';
import { problemSchema } from '../functions/http/schemas.ts';
import { type Mutate, mutateJson, mutateRecording, parsed } from './mutate.ts';
import { concat } from './pieces.ts';
import * as seeds from './seeds.ts';

/** What inputs are given to. */
export interface Target {
  /** Whether it is a parser: quick, and guided by coverage. */
  readonly isParser: boolean;
  readonly seeds: () => readonly Uint8Array[];
  readonly mutate: Mutate;
  /**
   * Takes one input and returns in a word what came of it.
   *
   * @throws UndertoneError for bad input; anything else is a finding
   */
  readonly run: (input: Uint8Array) => unknown;
}

const recordingParser = (from: Target['seeds'], run: Target['run']): Target => ({
  ...{ isParser: true, seeds: from, mutate: mutateRecording, run },
});

/** The parsers of this project, one by one, and everything from bytes to a verdict. */
export const TARGETS: Readonly<Record<string, Target>> = {
  sniff: recordingParser(seeds.beginnings, (input) => sniff(input).name),
  wav: recordingParser(seeds.smallWavs, (input) => result(decodeWav(input, limits()))),
  ogg: recordingParser(seeds.smallOggs, (input) => readAll(readOggOpus(input))),
  webm: recordingParser(seeds.smallWebms, (input) => readAll(readWebmOpus(input))),
  mp3: recordingParser(seeds.smallMp3s, async (input) => result(await decodeMp3(input, limits()))),
  payload: { isParser: true, seeds: seeds.payloads, mutate: mutateJson, run: payload },
  signature: { isParser: true, seeds: signed, mutate: mutateJson, run: signature },
  form: { isParser: true, seeds: forms, mutate: mutateRequest, run: request },
  classify: { isParser: false, seeds: seeds.recordings, mutate: mutateRecording, run: emotion },
  http: { isParser: false, seeds: requests, mutate: mutateRequest, run: request },
  // Not changed at all: what many notes cost that are classified in one process.
  notes: { isParser: false, seeds: seeds.recordings, mutate: (input) => input, run: emotion },
};

const limits = () => ({ maxSeconds: MAX_SECONDS, deadline: performance.now() + 60_000 });

const result = (audio: object | null) => (audio ? 'read' : 'for ffmpeg');

/** Reads all packets, each as if it held 20 ms. */
function readAll(stream: OpusStream | null): string {
  if (!stream) return 'for ffmpeg';
  for (const { packets, padding } of stream.batches) padding(960 * packets.length);
  return 'read';
}

async function emotion(input: Uint8Array): Promise<string> {
  return verdictSchema.parse(await classify(input)).emotion;
}

/** What platforms, pages and S3 send, once its signature was checked. */
function payload(input: Uint8Array): unknown {
  const { discord, slack, live, s3 } = parsed(input);
  if (live !== undefined) return parseClientMessage(JSON.stringify(live)).type;
  if (slack !== undefined) return intake(slack)?.id.split('-')[0];
  if (s3 !== undefined) return announced(JSON.stringify(s3));
  if (isPing(discord)) return 'ping';
  const { command } = readInteraction(discord);
  const hasAll = command.kind !== 'read' || command.notes.every(({ url }) => isText(url));
  if (!hasAll) throw new Error('A note without an address.');
  return command.kind;
}

/** What cannot be read is tried again and ends in the dead-letter queue, whatever error says so. */
function announced(body: string): string {
  try {
    return createdObjects(body).every(({ key }) => isText(key)) ? 'read' : 'wrong';
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return 'refused';
  }
}

const isText = (value: unknown) => typeof value === 'string';

const NOW = Date.UTC(2026, 10, 29);
const SECRET = 'fuzz';
const BODY = '{"type":1}';
/** An Ed25519 key (RFC 8410) of 32 times the same byte. */
const KEY = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex'),
  ...{ format: 'der', type: 'pkcs8' },
});
const PUBLIC_KEY = createPublicKey(KEY).export({ format: 'der', type: 'spki' }).toString('hex');

function signed(): Uint8Array[] {
  const request = { timestamp: String(NOW / 1000), body: BODY };
  const discord = sign(null, Buffer.from(request.timestamp + BODY), KEY).toString('hex');
  const hmac = createHmac('sha256', SECRET).update(`v0:${request.timestamp}:${BODY}`);
  const both = [
    { ...request, discord },
    { ...request, slack: `v0=${hmac.digest('hex')}` },
  ];
  return both.map((each) => Buffer.from(JSON.stringify(each)));
}

/** Nothing but what was signed is let in. */
function signature(input: Uint8Array): string {
  const { discord, slack, timestamp, body } = parsed(input);
  const text = (value: unknown) => (value === undefined ? undefined : String(value));
  const sent = { timestamp: text(timestamp), body: Buffer.from(String(body)) };
  if (discord === undefined) verifySlack({ ...sent, signature: text(slack) }, SECRET, NOW);
  else verifyDiscord({ ...sent, signature: text(discord) }, PUBLIC_KEY.slice(-64), NOW);
  if (`${timestamp}${body}` === `${NOW / 1000}${BODY}`) return 'let in';
  throw new Error('Let in what was never signed.');
}

/** A request to the API: all but the recording as JSON in the first line, then the recording. */
interface Envelope {
  readonly path: string;
  readonly headers: Record<string, string>;
  /** What a form has before and behind the recording. */
  readonly before: string;
  readonly after: string;
}

const RAW: Envelope = { path: '/v1/emotion', headers: {}, before: '', after: '' };
const PART = '--x\r\nContent-Disposition: form-data; name=';
const FORM: Envelope = {
  path: '/v1/emotion?timeline=false',
  headers: { 'content-type': 'multipart/form-data; boundary=x' },
  before: `${PART}"file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n`,
  after: '\r\n--x--\r\n',
};
/** As .NET writes it, and with an encoding of e-mail. */
const UNQUOTED = {
  ...FORM,
  before:
    "--x\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=file; filename=a.wav; filename*=utf-8''a.wav\r\n\r\n",
};
const WITH_FIELD = { ...FORM, before: `${PART}"note"\r\n\r\nhello\r\n${FORM.before}` };

const sealed = (envelope: Uint8Array, recording: Uint8Array) =>
  concat([envelope, Buffer.from('\n'), recording]);
const opened = (input: Uint8Array) => {
  const end = input.indexOf(10);
  return { envelope: input.subarray(0, end), recording: input.subarray(end + 1) };
};

function requestsWith(recordings: readonly Uint8Array[]): Uint8Array[] {
  const envelopes = [RAW, FORM, WITH_FIELD, UNQUOTED].map((each) =>
    Buffer.from(JSON.stringify(each)),
  );
  return recordings.map((recording, i) => sealed(envelopes[i % envelopes.length], recording));
}

function requests(): Uint8Array[] {
  return requestsWith(seeds.recordings());
}

/** Forms with so little sound that there is nothing to classify. */
function forms(): Uint8Array[] {
  return requestsWith(seeds.smallWavs().map((wav) => wav.subarray(0, 60)));
}

function mutateRequest(...[input, others, random]: Parameters<Mutate>): Uint8Array {
  const { envelope, recording } = opened(input);
  if (random.integer(2) === 0) return sealed(mutateJson(envelope, [], random), recording);
  const donors = others.map((other) => opened(other).recording);
  return sealed(envelope, mutateRecording(recording, donors, random));
}

let app: Hono | undefined;

/** Sends a request to the local server's app; a recording that is the whole body also in a form. */
async function request(input: Uint8Array): Promise<string> {
  app ??= createApp({ host: '127.0.0.1', cloud: null });
  const { envelope, recording } = opened(input);
  const sent = requestOf({ ...RAW, ...parsed(envelope) }, recording);
  if (!sent) return 'not sent';
  const outcome = await answerTo(app, sent);
  if (Buffer.from(envelope).toString() !== JSON.stringify(RAW)) return outcome;
  const body = new FormData();
  body.set('file', new Blob([new Uint8Array(recording)]));
  const form = new Request('http://127.0.0.1/v1/emotion', { method: 'POST', body });
  const inForm = await answerTo(app, form);
  // How long decoding takes depends on what else the machine does.
  if (inForm === outcome || [inForm, outcome].includes('decode-timeout')) return outcome;
  throw new Error(`As a body: ${outcome}. In a form: ${inForm}.`);
}

/** Returns null for what no client can send. */
function requestOf({ path, headers, before, after }: Envelope, recording: Uint8Array) {
  try {
    const [start, end] = [before, after].map((text) => Buffer.from(text, 'latin1'));
    const body = new Uint8Array(concat([start, recording, end]));
    return new Request(new URL(path, 'http://127.0.0.1'), { method: 'POST', headers, body });
  } catch {
    return null;
  }
}

async function answerTo(server: Hono, sent: Request): Promise<string> {
  const answer = await server.fetch(sent);
  const body: unknown = await answer.json();
  if (answer.status === 200) {
    const { emotion, confidence, duration } = verdictSchema.parse(body);
    return [emotion, confidence, duration].join(' ');
  }
  const { code, status, detail } = problemSchema.parse(body);
  const isNamed = status === answer.status && API_CODES.includes(code);
  if (isNamed && ERROR_TABLE[code].status < 500) return code;
  throw new Error(`Answered ${answer.status}: ${code}, ${detail}`);
}
