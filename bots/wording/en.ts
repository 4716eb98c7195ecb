import { LABELS } from '../../web/words.js';
import type { Catalogue } from './catalogue.ts';

/** Says about a verdict what the page and the command line say; a test compares them. */
export const ENGLISH = {
  language: 'en-GB',
  discordLocales: ['en-US', 'en-GB'],
  commands: {
    readEmotion: { name: 'Read emotion' },
    undertone: { name: 'undertone', description: 'How a voice note sounds' },
    read: {
      name: 'read',
      description: 'Tell how a recording of yours sounds; only you see the answer',
    },
    note: { name: 'note', description: 'A voice note or an audio file' },
    auto: {
      name: 'auto',
      description: 'Whether this channel is open, so that everyone’s voice notes may be answered',
    },
    on: {
      name: 'on',
      description: 'Open this channel: everyone’s voice notes may be answered (moderators)',
    },
    off: {
      name: 'off',
      description: 'Close this channel: people can ask only about their own notes (moderators)',
    },
    help: { name: 'help', description: 'What this bot can do' },
    about: { name: 'about', description: 'What this bot is, and what it is not' },
    privacy: { name: 'privacy', description: 'What happens to recordings' },
  },
  labels: LABELS,
  units: {
    seconds: { one: '{count} second', other: '{count} seconds' },
    minutes: { one: '{count} minute', other: '{count} minutes' },
    megabytes: '{count} MB',
  },
  verdict: {
    next: ', then {label}',
    sureness: '{percent} sure',
    sure: '{headline}, {sureness}.',
    unsure: '{headline}.',
    noSpeech: 'I can’t hear anyone speaking. Silence, music and noise get this answer too.',
    uncertain: 'No emotion stands out: the best guess is {label}, at {percent}.',
    changing:
      'The voice changes along the way. Taken as a whole, the best guess is {label}, at {percent}.',
    share: '{percent} {label}',
    shares: 'Of the speech: {shares}.',
    footer: 'A guess about how this sounds, not about how anyone feels.',
  },
  notice: [
    '**Before you read on.** I fetch the recording once, analyze it and forget it: neither the audio nor the answer is stored.',
    'I learned from actors, and I am often wrong. Please don’t judge anyone by what I say.',
    'In the EU it is illegal to infer people’s emotions at work or in education (AI Act, Art. 5(1)(f)); elsewhere people must be told about it (Art. 50(3)).',
    'For more, type `{privacy}`.',
  ].join('\n'),
  help: {
    title: 'What I can do',
    own: '**Your own voice note**: open the menu of the message and choose *{readEmotion}*. Only you see the answer.',
    direct:
      '**In a direct message to me**: send or forward a voice note or an audio file, and I answer.',
    open: '**In a channel that a moderator has opened**: I answer every voice note, and anyone may ask about any of them.',
    upload: '**A recording that is not posted yet**: `{read}`, here or in a direct message to me.',
    openWhenAsked:
      '**In a channel that a moderator has opened**: anyone may ask about any voice note with *{readEmotion}*.',
    onlyWhenAsked: 'I answer only when someone asks: I don’t see what is posted.',
    auto: '`{autoOn}` and `{autoOff}` open and close a channel (moderators only).',
    pages: '`{about}` tells you what I am, `{privacy}` what happens to recordings.',
    limits: 'I accept recordings of up to {minutes} and {size} in any common format.',
  },
  about: {
    title: 'What I am',
    text: [
      'I am Undertone. I listen to how a voice sounds, not to what it says, and name one of eight emotions: {emotions}. If no emotion stands out I say *{uncertain}*; if no one is speaking, *{noSpeech}*. If a note clearly changes I name the emotions in order.',
      '',
      'I learned from recordings of actors. I am often wrong: tested on recordings from elsewhere, with other speakers, rooms and languages, two in ten of the emotions I named were not the right ones, and mostly I said that I was uncertain. A voice that is hoarse, tired or far from the microphone can fool me.',
      '',
      'What I say is a guess about a sound. It is not a fact about a person, and you should not base decisions on it.',
    ].join('\n'),
  },
  privacy: {
    title: 'What happens to recordings',
    text: [
      '**Recordings** are fetched from the platform when someone asks, held in memory while they are analyzed, and then dropped. They are never stored, logged or used for training. Answers are not stored either: they exist only in the chat.',
      '',
      '**What I remember**: which channels moderators have opened and, under a hash, who has seen my notice (so that it is shown once) and who uses which language. Request counters last a minute.',
      '',
      '**Who can ask**: you can ask about your own notes, and about other people’s notes only where a moderator has opened the channel. If I can’t tell who recorded a forwarded note, I answer only in a direct message.',
      '',
      '**The law**: in the EU, inferring people’s emotions at work or in education is illegal (AI Act, Art. 5(1)(f)), and elsewhere people must be told about it (Art. 50(3)). Don’t open a channel where this could apply, and tell people when you open one.',
    ].join('\n'),
  },
  quota: {
    person: {
      unused: {
        one: '**Left for you**: {left} of {limit} note.',
        other: '**Left for you**: {left} of {limit} notes.',
      },
      used: {
        one: '**Left for you**: {left} of {limit} note, available again in {seconds}.',
        other: '**Left for you**: {left} of {limit} notes, and all {limit} again in {seconds}.',
      },
    },
    channel: {
      unused: {
        one: '**Left in this channel**: {left} of {limit} note.',
        other: '**Left in this channel**: {left} of {limit} notes.',
      },
      used: {
        one: '**Left in this channel**: {left} of {limit} note, available again in {seconds}.',
        other:
          '**Left in this channel**: {left} of {limit} notes, and all {limit} again in {seconds}.',
      },
    },
  },
  automaticOn:
    'This channel is now open: I answer every voice note that is posted here, for everyone to see.',
  automaticOnWhenAsked:
    'This channel is now open: anyone may ask about any voice note that is posted here, with *{readEmotion}*, and sees the answer alone. I don’t answer on my own, because I don’t see what is posted.',
  tellPeople:
    'Please tell the people here. Don’t use this at work or in education in the EU, where it is illegal. `{autoOff}` turns it off.',
  automaticOff:
    'This channel is closed again: people can ask me about their own voice notes, and only they see the answers.',
  moderatorsOnly:
    'Only moderators can open or close this channel. Ask one of them to send this command.',
  onlyInChannels: 'It’s just you and me here: I answer every voice note anyway.',
  onlyInChannelsWhenAsked:
    'It’s just you and me here, so there is nothing to open. Ask about a voice note with *{readEmotion}*, or send one with `{read}`.',
  inviteMe:
    'I’m not in this channel, so I can’t see the voice notes here. Invite me first: `/invite @Undertone`.',
  addMe:
    'I’m not a member here: someone uses me who has installed me for themselves, and I don’t see what is posted. So there is nothing to open. Whoever manages a server can add me to it; here, ask about your own voice notes with *{readEmotion}*.',
  allowMe:
    'I can’t answer in this channel: I lack a permission here. Give me *View Channel*, *Send Messages* (in a thread: *Send Messages in Threads*), *Embed Links* and *Read Message History*, and then send `{autoOn}` again.',
  unknownCommand: 'I don’t know this command. `{help}` shows what I can do.',
  notInstalled:
    'I have lost my access to this workspace: I was removed, or my access has expired. Someone who may install apps here has to install me again.',
  wait: 'That’s more than I can handle at once. Ask again in {seconds}; I skip what is posted until then.',
  again:
    'Please try again in a few minutes. If it keeps happening, tell the person who runs this bot.',
  errors: {
    'audio-missing':
      'This recording is empty. Record it again, and hold the button while you speak.',
    'audio-too-large':
      'This file is too large: I accept up to {size}. Send a voice note, or the recording as MP3, M4A or Ogg.',
    'audio-too-long': 'This recording is too long: I accept up to {minutes}. Send me a part of it.',
    'format-unsupported':
      'I can’t read this kind of file. I accept voice notes and audio files: {formats}.',
    'audio-unreadable':
      'This file is damaged, or there is no sound in it. Record it again or export it once more.',
    'decode-timeout':
      'This file took too long to read. Send it as a voice note, or as MP3, M4A or Ogg.',
    'decoder-missing':
      'I can’t read this format here. A voice note works, and so do WAV, FLAC, MP3, Ogg Opus and WebM. For the rest, the person who runs this bot can install ffmpeg.',
    unauthorized:
      'The service that analyzes voice notes did not accept my key. The person who runs this bot has to set a valid one.',
    'rate-limited': 'I have too many voice notes to answer right now. {again}',
    'not-permitted':
      'I can only tell people about their own voice notes. To ask about other people’s, a moderator has to open this channel: `{autoOn}`.',
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
    unavailable: 'The service that analyzes voice notes is not responding. {again}',
    internal: 'Something went wrong on my side. {again}',
  },
} as const satisfies Catalogue;
