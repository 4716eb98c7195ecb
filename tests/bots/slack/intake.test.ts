import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intake } from '../../../bots/slack/payloads.ts';
import { commandBody, eventBody } from '../../support/slack/payloads.ts';

const file = { id: 'F1', subtype: 'slack_audio' };
const message = { type: 'message', channel: 'C1', user: 'U1', ts: '1.000001', files: [file] };
const command = commandBody({ channel: 'C1', user: 'U1', text: 'help', responseUrl: 'https://x/' });

/** Any value in any place of a payload. */
const anything = fc.oneof(fc.jsonValue(), fc.constant(undefined));

describe('what Slack sends', () => {
  test('is taken or left, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(intake(body)).toBeNull();
      }),
    );
  });

  test('is taken or left, whatever is in one of its places', () => {
    const places = Object.keys(message);
    fc.assert(
      fc.property(fc.constantFrom(...places), anything, (place, value) => {
        const taken = intake(eventBody({ ...message, [place]: value }));
        if (taken)
          expect(taken).toMatchObject({ id: expect.any(String), group: expect.any(String) });
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(command)), anything, (place, value) => {
        const taken = intake({ ...command, [place]: value });
        if (taken) expect(taken.id).toMatch(/^command-/);
      }),
    );
  });

  test('has the same id when it comes again, and when it comes as a mention', () => {
    const ids = [message, message, { ...message, type: 'app_mention', files: undefined }].map(
      (event) => intake(eventBody(event))?.id,
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).not.toBe(intake(eventBody({ ...message, channel: 'C2' }))?.id);
    expect(ids[0]).not.toBe(intake(eventBody({ ...message, ts: '1.000002' }))?.id);
  });

  test('is kept apart from that of another workspace with the same ids', () => {
    const event = eventBody(message);
    const elsewhere = { team_id: 'T2', enterprise_id: null, is_enterprise_install: false };
    const [one, other] = [event, { ...event, authorizations: [elsewhere] }].map(intake);
    expect(one?.id).not.toBe(other?.id);
    expect([one?.group, other?.group]).toEqual(['T0UNDERTONE-C1', 'T2-C1']);
  });

  test('about tokens of people is nothing to do, as the bot has none', () => {
    const tokens = { oauth: ['U1'], bot: ['UBOT'] };
    const { oauth } = tokens;
    const revoked = (revocation: object) =>
      intake(eventBody({ type: 'tokens_revoked', tokens: revocation }));
    expect(revoked({ oauth })).toBeNull();
    expect(revoked(tokens)?.id).toMatch(/^removal-Ev/);
    expect(intake(eventBody({ type: 'app_uninstalled' }))?.id).toMatch(/^removal-Ev/);
  });

  test('is handed on without what people wrote, apart from whom they named', () => {
    const text = 'Meet <@U2> and <@U3|ada> at <https://example.org|my place> & bring <!here>';
    const name = 'About my boss.m4a';
    const files = [{ ...file, name, title: name, permalink: 'https://x/', transcription: 'Hi' }];
    const taken = intake(eventBody({ ...message, text, files, blocks: [{ type: 'rich_text' }] }));
    expect(taken?.payload).toEqual({
      type: 'event_callback',
      team_id: 'T0UNDERTONE',
      event_id: expect.stringMatching(/^Ev/),
      // By which its token is found, without who may see it.
      authorizations: [
        { team_id: 'T0UNDERTONE', enterprise_id: null, is_enterprise_install: false },
      ],
      event: { ...message, text: '<@U2> <@U3>', files: [file] },
    });
  });
});
