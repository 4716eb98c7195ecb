import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { SlackRequest } from '../support/slack/http-delivery.ts';
import { proxyEvent } from './event.ts';

/** The event that API Gateway makes of a request of Slack. */
export function slackRequestEvent(
  { body, headers }: SlackRequest,
  { isText = false } = {},
): APIGatewayProxyEvent {
  return proxyEvent('POST', '/slack/events', { body, headers: { ...headers }, isText });
}
