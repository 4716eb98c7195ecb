import type { Verdict } from '../../core/verdict.ts';
import type { Upload, Waiting } from '../http/schemas.ts';

const ID = 'b0K3vYq8-2mXw_7sTzRf1uPc';

const probabilities = {
  neutral: 0.08,
  calm: 0.03,
  happy: 0.71,
  sad: 0.02,
  angry: 0.05,
  fearful: 0.04,
  disgust: 0.02,
  surprised: 0.05,
};

const model = {
  name: 'undertone',
  version: '1.0.0',
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

export const VERDICT: Verdict = {
  emotion: 'happy',
  confidence: 0.71,
  probabilities,
  duration: 3.12,
  speech: { start: 0.41, end: 2.87 },
  sequence: [],
  timeline: [{ start: 0.41, end: 2.87, emotion: 'happy', confidence: 0.71, probabilities }],
  summary: { happy: 1 },
  model,
};

export const NO_SPEECH: Verdict = {
  emotion: 'no-speech',
  confidence: 0,
  probabilities: null,
  duration: 2.5,
  speech: null,
  sequence: [],
  timeline: [],
  summary: {},
  model,
};

export const UPLOAD: Upload = {
  id: ID,
  upload: {
    url: 'https://undertone-inbox.s3.eu-central-1.amazonaws.com/',
    fields: {
      bucket: 'undertone-inbox',
      key: `uploads/${ID}`,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAEXAMPLE/20260131/eu-central-1/s3/aws4_request',
      'X-Amz-Date': '20260131T120000Z',
      Policy: 'eyJleHBpcmF0aW9uIjoi…',
      'X-Amz-Signature': '3d4a…',
    },
  },
  expires: '2026-01-31T12:15:00.000Z',
  maxBytes: 26_214_400,
  result: `/v1/results/${ID}`,
};

export const WAITING: Waiting = { id: ID, status: 'waiting' };
