import { MAX_BYTES, MAX_SECONDS } from '../../core/index.ts';
import type { Strings } from './strings.ts';

const MEGABYTES = MAX_BYTES / 2 ** 20;
const MINUTES = MAX_SECONDS / 60;

const AGAIN =
  'Please try again in a few minutes; if it stays like this, tell whoever runs this bot.';
const OURS = `Something went wrong on my side. ${AGAIN}`;

export const EN: Strings = {
  language: 'en',
  labels: {
    neutral: 'neutral',
    calm: 'calm',
    happy: 'happy',
    sad: 'sad',
    angry: 'angry',
    fearful: 'fearful',
    disgust: 'disgust',
    surprised: 'surprised',
    uncertain: 'uncertain',
    'no-speech': 'no speech',
  },
  sureness: (share) => `${share} sure`,
  uncertain: (nearest, share) =>
    `No emotion stands out enough to name it. The nearest is ${nearest}, with ${share}.`,
  noSpeech: 'I hear nobody speak in this. Silence, music and noise get this answer too.',
  ofTheSpeech: 'Of the speech',
  footer: 'A guess about how this sounds, not about how anybody feels.',
  notice: [
    '**Before you read on.** The recording is fetched once, heard, and forgotten: neither the sound nor the answer is stored.',
    'I learned from actors, and I am often wrong. Do not judge anybody by what I say.',
    'In the EU it is forbidden to infer the emotions of people at work or in education (AI Act, Art. 5(1)(f)); elsewhere people must be told that it happens (Art. 50(3)).',
    '`/undertone privacy` tells more.',
  ].join('\n'),
  help: {
    title: 'What I can do',
    text: [
      '**Your own voice note**: open the menu of the message, choose *Read emotion*. Only you see the answer.',
      '**In a direct message to me**: send a voice note or an audio file, and I answer.',
      '**In a channel that a moderator has opened**: I answer every voice note there, and anybody may ask about any.',
      '',
      '`/undertone auto on` and `/undertone auto off` open and close a channel (moderators).',
      '`/undertone about` says what I am, `/undertone privacy` what happens to recordings.',
      '',
      `I take recordings of up to ${MINUTES} minutes and ${MEGABYTES} MB in any usual format.`,
    ].join('\n'),
  },
  about: {
    title: 'What I am',
    text: [
      'I am Undertone. I listen to how a voice sounds, not to what it says, and name one of eight emotions: neutral, calm, happy, sad, angry, fearful, disgust or surprised. When no emotion stands out I say *uncertain*; when nobody speaks, *no speech*.',
      '',
      'I learned from recordings of actors. With speakers I have never heard, about four of five answers that I give on such recordings are right; with everyday voices it will be fewer. A voice that is hoarse, tired or far from its microphone fools me.',
      '',
      'What I say is a guess about a sound. It is not a fact about a person, and nothing to decide anything by.',
    ].join('\n'),
  },
  privacy: {
    title: 'What happens to recordings',
    text: [
      '**Recordings** are fetched from the platform when somebody asks, held in memory while they are heard, and dropped. They are never stored, never logged and never used for training. Answers are not stored either; they stand in the chat and nowhere else.',
      '',
      '**What I remember**: which channels moderators have opened, and, as a hash, who has seen my notice (so that it is shown once). Counters of requests live for a minute.',
      '',
      '**Who can ask**: you about your own notes; about the notes of others only where a moderator has opened the channel.',
      '',
      '**The law**: in the EU, inferring emotions of people at work or in education is forbidden (AI Act, Art. 5(1)(f)), and elsewhere people must be told that it happens (Art. 50(3)). Do not open a channel where this could apply, and tell people when you open one.',
    ].join('\n'),
  },
  automaticOn: [
    'This channel is open now: I answer every voice note that is posted here, for everybody to see.',
    'Please tell the people here. Do not use this at work or in education in the EU, where the law forbids it. `/undertone auto off` ends it.',
  ].join('\n'),
  automaticOff:
    'This channel is closed again: I answer here only people who ask about their own voice notes, for their eyes alone.',
  moderatorsOnly:
    'Only moderators of this channel can open or close it. Ask one of them to send this command.',
  onlyInChannels: 'Here it is only you and me: I answer every voice note anyway.',
  inviteMe:
    'I am not in this channel, so I would not hear what is posted here. Invite me first: `/invite @Undertone`.',
  unknownCommand: 'I do not know this command. `/undertone help` shows what I can do.',
  listening: 'Listening …',
  wait: (seconds) =>
    `That is more than I can listen to at once. Ask again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}; what was posted until then I leave out.`,
  errors: {
    'audio-missing':
      'This recording is empty. Record it again, and hold the button while you speak.',
    'audio-too-large': `This file is too large for me: I take up to ${MEGABYTES} MB. Send a voice note, or the recording as MP3, M4A or Ogg.`,
    'audio-too-long': `This recording is too long for me: I take up to ${MINUTES} minutes. Send me a part of it.`,
    'format-unsupported':
      'This is not a recording that I can listen to. I take voice notes and audio files: Ogg, MP3, M4A, WAV, FLAC, WebM.',
    'audio-unreadable':
      'This file is damaged, or there is no sound in it. Record it again or export it once more.',
    'decode-timeout':
      'This file took too long to read. Send it as a plain voice note, or as MP3, M4A or Ogg.',
    'decoder-missing':
      'I cannot read this format here. A voice note works, and so do WAV, FLAC, Ogg Opus and WebM. Whoever runs this bot can install ffmpeg for the rest.',
    'model-invalid': OURS,
    unauthorized:
      'The service that listens does not know me. Whoever runs this bot has to give it a valid key.',
    'rate-limited': `There is too much to listen to right now. ${AGAIN}`,
    'parameter-invalid': OURS,
    'method-not-allowed': OURS,
    'host-unknown': OURS,
    'origin-refused': OURS,
    'not-found': OURS,
    'not-permitted':
      'I answer people about their own voice notes only. For the notes of others, a moderator has to open this channel: `/undertone auto on`.',
    'attachment-missing':
      'There is no voice note in this message. Choose one with a voice note or an audio file.',
    'attachment-gone': 'This voice note is not there any more. Post it again, and ask me then.',
    'attachment-refused':
      'I listen only to what is posted here itself, not to files from elsewhere. Post the voice note into the chat.',
    'attachment-forbidden':
      'I may not read this file. Invite me to the channel, or send me the voice note directly.',
    'attachment-unavailable': 'I could not fetch this voice note. Please try again in a minute.',
    unavailable: `The service that listens does not answer right now. ${AGAIN}`,
    'configuration-invalid': OURS,
    'port-taken': OURS,
    'folder-locked': OURS,
    'folder-unwritable': OURS,
    'setting-invalid': OURS,
    internal: OURS,
  },
};
