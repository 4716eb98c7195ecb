import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { close, listen } from './slack/listen.ts';

const sendSchema = z.strictObject({
  QueueUrl: z.string().endsWith('.fifo'),
  MessageBody: z.string().min(1),
  MessageGroupId: z.string().regex(/^[\w!-/:-@[-`{-~]{1,128}$/),
  MessageDeduplicationId: z.string().regex(/^[\w!-/:-@[-`{-~]{1,128}$/),
});

export interface FifoMessage {
  readonly group: string;
  readonly id: string;
  readonly body: string;
}

/**
 * A FIFO queue of SQS on this machine, as far as one can send to it: what has the same deduplication id
 * is taken and kept once.
 */
export class FifoQueue {
  readonly messages: FifoMessage[] = [];
  /** How many were sent, those that were there already included. */
  sent = 0;
  isDown = false;
  readonly #server: Server;
  #host = '';

  constructor() {
    this.#server = createServer(async (request, response) => {
      const refuse = (type: string) => {
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: '' }));
      };
      const body = await text(request);
      if (this.isDown) return refuse('KmsAccessDenied');
      // What it holds was handed out to nobody.
      if (request.headers['x-amz-target'] !== 'AmazonSQS.SendMessage') {
        return refuse('ReceiptHandleIsInvalid');
      }
      const input = sendSchema.parse(JSON.parse(body));
      this.#add(input);
      const MD5OfMessageBody = createHash('md5').update(input.MessageBody).digest('hex');
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ MessageId: String(this.sent), MD5OfMessageBody }));
    });
  }

  async start(): Promise<void> {
    this.#host = await listen(this.#server);
  }

  close(): Promise<void> {
    return close(this.#server);
  }

  /** What the functions need to know to use it. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_SQS: `http://${this.#host}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      UNDERTONE_CHAT_QUEUE_URL: `http://${this.#host}/000000000000/undertone-chat.fifo`,
    };
  }

  #add(input: z.infer<typeof sendSchema>): void {
    this.sent++;
    const { MessageGroupId: group, MessageDeduplicationId: id, MessageBody: body } = input;
    if (!this.messages.some((message) => message.id === id)) {
      this.messages.push({ group, id, body });
    }
  }
}
