import { MAX_BYTES, MAX_SECONDS } from '../../core/index.ts';
import { headline, LABELS, meaning, percent, shares, sureness } from '../../web/words.js';
import type { Quota } from '../limits.ts';
import type { Strings } from './strings.ts';

const MEGABYTES = MAX_BYTES / 2 ** 20;
const MINUTES = MAX_SECONDS / 60;

const AGAIN =
  'Please try again in a few minutes. If it keeps happening, tell the person who runs this bot.';
const OURS = `Something went wrong on my side. ${AGAIN}`;

const HELP_END = [
  '`/undertone auto on` and `/undertone auto off` open and close a channel (moderators only).',
  '`/undertone about` tells you what I am, `/undertone privacy` what happens to recordings.',
  '',
  `I accept recordings of up to ${MINUTES} minutes and ${MEGABYTES} MB in any common format.`,
];

function quotaLine(whose: string, { left, limit, seconds }: Quota): string {
  const reset = seconds > 0 ? `, and all ${limit} again in ${secondsText(seconds)}` : '';
  return `**Left ${whose}**: ${left} of ${limit} notes${reset}.`;
}

function secondsText(seconds: number): string {
  return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
}

const TELL_PEOPLE =
  'Please tell the people here. Don’t use this at work or in education in the EU, where it is illegal. `/undertone auto off` turns it off.';

export const EN: Strings = {
  labels: LABELS,
  headline,
  sureness,
  meaning,
  percent,
  shares,
  footer: 'A guess about how this sounds, not about how anyone feels.',
  notice: [
    '**Before you read on.** I fetch the recording once, analyze it and forget it: neither the audio nor the answer is stored.',
    'I learned from actors, and I am often wrong. Please don’t judge anyone by what I say.',
    'In the EU it is illegal to infer people’s emotions at work or in education (AI Act, Art. 5(1)(f)); elsewhere people must be told about it (Art. 50(3)).',
    'For more, type `/undertone privacy`.',
  ].join('\n'),
  help: {
    title: 'What I can do',
    text: [
      '**Your own voice note**: open the menu of the message and choose *Read emotion*. Only you see the answer.',
      '**In a direct message to me**: send or forward a voice note or an audio file, and I answer.',
      '**In a channel that a moderator has opened**: I answer every voice note, and anyone may ask about any of them.',
      '',
      ...HELP_END,
    ].join('\n'),
  },
  about: {
    title: 'What I am',
    text: [
      'I am Undertone. I listen to how a voice sounds, not to what it says, and name one of eight emotions: neutral, calm, happy, sad, angry, fearful, disgust or surprised. If no emotion stands out I say *uncertain*; if no one is speaking, *no speech*. If a note clearly changes I name the emotions in order.',
      '',
      'I learned from recordings of actors. I am often wrong: tested on recordings from elsewhere, with other speakers, rooms and languages, four in ten of the emotions I named were not the right ones, and mostly I said that I was uncertain. A voice that is hoarse, tired or far from the microphone can fool me.',
      '',
      'What I say is a guess about a sound. It is not a fact about a person, and you should not base decisions on it.',
    ].join('\n'),
  },
  privacy: {
    title: 'What happens to recordings',
    text: [
      '**Recordings** are fetched from the platform when someone asks, held in memory while they are analyzed, and then dropped. They are never stored, logged or used for training. Answers are not stored either: they exist only in the chat.',
      '',
      '**What I remember**: which channels moderators have opened and, as a hash, who has seen my notice (so that it is shown once). Request counters last a minute.',
      '',
      '**Who can ask**: you can ask about your own notes, and about other people’s notes only where a moderator has opened the channel. If I can’t tell who recorded a forwarded note, I answer only in a direct message.',
      '',
      '**The law**: in the EU, inferring people’s emotions at work or in education is illegal (AI Act, Art. 5(1)(f)), and elsewhere people must be told about it (Art. 50(3)). Don’t open a channel where this could apply, and tell people when you open one.',
    ].join('\n'),
  },
  automaticOn: [
    'This channel is now open: I answer every voice note that is posted here, for everyone to see.',
    TELL_PEOPLE,
  ].join('\n'),
  automaticOff:
    'This channel is closed again: people can ask me about their own voice notes, and only they see the answers.',
  moderatorsOnly:
    'Only moderators can open or close this channel. Ask one of them to send this command.',
  onlyInChannels: 'It’s just you and me here: I answer every voice note anyway.',
  inviteMe:
    'I’m not in this channel, so I can’t see the voice notes here. Invite me first: `/invite @Undertone`.',
  addMe:
    'I’m not a member here: someone uses me who has installed me for themselves, and I don’t see what is posted. So there is nothing to open. Whoever manages a server can add me to it; here, ask about your own voice notes with *Read emotion*.',
  unknownCommand: 'I don’t know this command. `/undertone help` shows what I can do.',
  notInstalled:
    'I have lost my access to this workspace: I was removed, or my access has expired. Someone who may install apps here has to install me again.',
  install: {
    title: 'Undertone for Slack',
    text: [
      'Undertone tells how a voice note sounds. It names one of eight emotions, or says that it is not sure. People ask about their own notes, and only they see the answer. Everyone’s notes are answered only in channels that an admin has opened.',
      'It fetches a recording when someone asks, analyzes it and forgets it. It is often wrong: what it says is a guess about a sound, not a fact about a person.',
      '**In the EU it is illegal to infer people’s emotions at work or in education** (AI Act, Art. 5(1)(f)): don’t install it in a workspace that people use for their job or their studies. Elsewhere people must be told about it (Art. 50(3)).',
      'Slack shows you next what Undertone may read and write. To remove it, use the page of your installed apps in Slack: all that is stored about your workspace is then deleted.',
    ].join('\n\n'),
    button: 'Add to Slack',
    done: {
      title: 'Undertone is installed',
      text: 'Open **Undertone** under **Apps** in Slack and send it a voice note. `/undertone help` shows what else it can do. Tell people about it before they use it.',
      button: 'Open Slack',
    },
    doneForOrganization: {
      title: 'Undertone is installed in your organization',
      text: 'It is in none of your workspaces yet: choose next in which it may be used. Tell people about it before they use it.',
      button: 'Choose workspaces',
    },
    failed: { title: 'Undertone was not installed', button: 'Start again' },
  },
  wait: (seconds) =>
    `That’s more than I can handle at once. Ask again in ${secondsText(seconds)}; I skip what is posted until then.`,
  quota: ({ person, channel }) =>
    [quotaLine('for you', person), channel && quotaLine('in this channel', channel)]
      .filter(Boolean)
      .join('\n'),
  errors: {
    'audio-missing':
      'This recording is empty. Record it again, and hold the button while you speak.',
    'audio-too-large': `This file is too large: I accept up to ${MEGABYTES} MB. Send a voice note, or the recording as MP3, M4A or Ogg.`,
    'audio-too-long': `This recording is too long: I accept up to ${MINUTES} minutes. Send me a part of it.`,
    'format-unsupported':
      'I can’t read this kind of file. I accept voice notes and audio files: Ogg, MP3, M4A, WAV, FLAC and WebM.',
    'audio-unreadable':
      'This file is damaged, or there is no sound in it. Record it again or export it once more.',
    'decode-timeout':
      'This file took too long to read. Send it as a voice note, or as MP3, M4A or Ogg.',
    'decoder-missing':
      'I can’t read this format here. A voice note works, and so do WAV, FLAC, Ogg Opus and WebM. For the rest, the person who runs this bot can install ffmpeg.',
    'model-invalid': OURS,
    unauthorized:
      'The service that analyzes voice notes did not accept my key. The person who runs this bot has to set a valid one.',
    'rate-limited': `I have too many voice notes to answer right now. ${AGAIN}`,
    'parameter-invalid': OURS,
    'method-not-allowed': OURS,
    'host-unknown': OURS,
    'origin-refused': OURS,
    'not-found': OURS,
    'not-permitted':
      'I can only tell people about their own voice notes. To ask about other people’s, a moderator has to open this channel: `/undertone auto on`.',
    'author-unknown':
      'This note was forwarded, and I can’t tell who recorded it, so I don’t answer here. Forward it to me in a direct message and ask me there.',
    'attachment-missing':
      'There is no voice note in this message. Choose a message with a voice note or an audio file.',
    'attachment-gone': 'This voice note no longer exists. Post it again, and then ask me.',
    'attachment-refused':
      'I only listen to files that are posted here, not to files from elsewhere. Post the voice note in the chat.',
    'attachment-forbidden':
      'I’m not allowed to read this file. Invite me to the channel, or send me the voice note directly.',
    'attachment-unavailable': 'I couldn’t fetch this voice note. Please try again in a minute.',
    unavailable: `The service that analyzes voice notes is not responding. ${AGAIN}`,
    'configuration-invalid': OURS,
    'port-taken': OURS,
    'folder-locked': OURS,
    'folder-unwritable': OURS,
    'labels-invalid': OURS,
    'recordings-insufficient': OURS,
    'setting-invalid': OURS,
    internal: OURS,
  },
};

/**
 * What the bot says on Discord where it gets commands and no messages, because nothing is connected to
 * the gateway: then it promises no answer that nobody asked for.
 */
export const EN_COMMANDS_ONLY: Strings = {
  ...EN,
  help: {
    title: EN.help.title,
    text: [
      '**Your own voice note**: open the menu of the message and choose *Read emotion*. Only you see the answer.',
      '**A recording that is not posted yet**: `/undertone read`, here or in a direct message to me.',
      '**In a channel that a moderator has opened**: anyone may ask about any voice note with *Read emotion*.',
      '',
      'I answer only when someone asks: I don’t see what is posted.',
      ...HELP_END,
    ].join('\n'),
  },
  automaticOn: [
    'This channel is now open: anyone may ask about any voice note that is posted here, with *Read emotion*, and sees the answer alone. I don’t answer on my own, because I don’t see what is posted.',
    TELL_PEOPLE,
  ].join('\n'),
  onlyInChannels:
    'It’s just you and me here, so there is nothing to open. Ask about a voice note with *Read emotion*, or send one with `/undertone read`.',
};
