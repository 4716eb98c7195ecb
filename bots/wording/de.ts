import type { Catalogue } from './catalogue.ts';

export const GERMAN: Catalogue = {
  language: 'de',
  discordLocales: ['de'],
  commands: {
    readEmotion: { name: 'Emotion erkennen' },
    undertone: { name: 'undertone', description: 'Wie eine Sprachnachricht klingt' },
    read: {
      name: 'erkennen',
      description: 'Sagt, wie deine Aufnahme klingt; nur du siehst die Antwort',
    },
    note: { name: 'aufnahme', description: 'Eine Sprachnachricht oder Audiodatei' },
    auto: {
      name: 'auto',
      description:
        'Ob dieser Kanal offen ist, ich hier also alle Sprachnachrichten beantworten darf',
    },
    on: {
      name: 'an',
      description: 'Kanal öffnen: Alle Sprachnachrichten dürfen beantwortet werden (Moderation)',
    },
    off: {
      name: 'aus',
      description:
        'Kanal schließen: Fragen sind nur noch zu eigenen Nachrichten möglich (Moderation)',
    },
    help: { name: 'hilfe', description: 'Was dieser Bot kann' },
    about: { name: 'info', description: 'Was dieser Bot ist und was nicht' },
    privacy: { name: 'datenschutz', description: 'Was mit den Aufnahmen geschieht' },
  },
  labels: {
    neutral: 'neutral',
    calm: 'ruhig',
    happy: 'fröhlich',
    sad: 'traurig',
    angry: 'wütend',
    fearful: 'ängstlich',
    disgust: 'angewidert',
    surprised: 'überrascht',
    uncertain: 'unklar',
    'no-speech': 'keine Stimme',
  },
  units: {
    seconds: { one: '{count} Sekunde', other: '{count} Sekunden' },
    minutes: { one: '{count} Minute', other: '{count} Minuten' },
    megabytes: '{count}\u00a0MB',
  },
  verdict: {
    next: ', dann {label}',
    sureness: 'zu {percent} sicher',
    sure: '{headline}, {sureness}.',
    unsure: '{headline}.',
    noSpeech:
      'Ich höre niemanden sprechen. Diese Antwort gebe ich auch bei Stille, Musik und Geräuschen.',
    uncertain: 'Keine Emotion sticht heraus. Am ehesten: {label} ({percent}).',
    changing: 'Die Stimme verändert sich im Verlauf. Insgesamt am ehesten: {label} ({percent}).',
    share: '{percent} {label}',
    shares: 'Von der Sprechzeit: {shares}.',
    footer: 'Eine Vermutung über den Klang, nicht darüber, was jemand fühlt.',
  },
  notice: [
    '**Bevor du weiterliest:** Ich rufe die Aufnahme einmal ab, werte sie aus und vergesse sie wieder. Weder der Ton noch die Antwort wird gespeichert.',
    'Gelernt habe ich von Schauspielerinnen und Schauspielern, und ich liege oft daneben. Bitte beurteile niemanden nach dem, was ich sage.',
    'In der EU ist es verboten, am Arbeitsplatz oder in Bildungseinrichtungen Emotionen von Menschen abzuleiten (KI-Verordnung, Art. 5 Abs. 1 Buchst. f); anderswo müssen die Betroffenen davon wissen (Art. 50 Abs. 3).',
    'Mehr erfährst du mit `{privacy}`.',
  ].join('\n'),
  help: {
    title: 'Was ich kann',
    own: '**Deine eigene Sprachnachricht**: Öffne das Menü der Nachricht und wähle *{readEmotion}*. Nur du siehst die Antwort.',
    direct:
      '**In einer Direktnachricht an mich**: Schick mir eine Sprachnachricht oder Audiodatei oder leite sie weiter, und ich antworte.',
    open: '**In einem Kanal, den die Moderation geöffnet hat**: Ich beantworte jede Sprachnachricht, und alle dürfen jede davon auswerten lassen.',
    upload:
      '**Eine noch nicht gepostete Aufnahme**: `{read}`, hier oder in einer Direktnachricht an mich.',
    openWhenAsked:
      '**In einem Kanal, den die Moderation geöffnet hat**: Alle dürfen mit *{readEmotion}* jede Sprachnachricht auswerten lassen.',
    onlyWhenAsked: 'Ich antworte nur, wenn jemand fragt: Was hier gepostet wird, sehe ich nicht.',
    auto: '`{autoOn}` und `{autoOff}` öffnen und schließen einen Kanal (nur für die Moderation).',
    pages: '`{about}` sagt dir, was ich bin, und `{privacy}`, was mit den Aufnahmen geschieht.',
    limits: 'Ich akzeptiere Aufnahmen bis zu {minutes} und {size} in allen gängigen Formaten.',
  },
  about: {
    title: 'Was ich bin',
    text: [
      'Ich bin Undertone. Ich achte darauf, wie eine Stimme klingt, nicht darauf, was sie sagt, und nenne eine von acht Emotionen: {emotions}. Sticht keine heraus, sage ich *{uncertain}*; spricht niemand, *{noSpeech}*. Ändert sich eine Nachricht deutlich, nenne ich die Emotionen der Reihe nach.',
      '',
      'Gelernt habe ich von Aufnahmen mit Schauspielerinnen und Schauspielern, und ich liege oft daneben: Bei Tests mit fremden Aufnahmen, also anderen Menschen, Räumen und Sprachen, waren 2 von 10 genannten Emotionen falsch, und meistens habe ich *{uncertain}* gesagt. Eine heisere oder müde Stimme oder eine, die weit vom Mikrofon weg ist, kann mich täuschen.',
      '',
      'Was ich sage, ist eine Vermutung über einen Klang. Es ist keine Tatsache über einen Menschen, und du solltest keine Entscheidungen darauf stützen.',
    ].join('\n'),
  },
  privacy: {
    title: 'Was mit den Aufnahmen geschieht',
    text: [
      '**Aufnahmen** rufe ich von der Plattform ab, wenn jemand fragt, halte sie während der Auswertung im Arbeitsspeicher und verwerfe sie dann. Sie werden nie gespeichert, protokolliert oder zum Trainieren verwendet. Auch Antworten werden nicht gespeichert: Es gibt sie nur im Chat.',
      '',
      '**Was ich mir merke**: welche Kanäle die Moderation geöffnet hat und, als Hash, wer meinen Hinweis schon gesehen hat (damit er nur einmal kommt) und wer welche Sprache verwendet. Zähler für Anfragen lösche ich nach einer Minute.',
      '',
      '**Wer fragen darf**: Du kannst deine eigenen Nachrichten auswerten lassen, die von anderen nur dort, wo die Moderation den Kanal geöffnet hat. Weiß ich nicht, wer eine weitergeleitete Nachricht aufgenommen hat, antworte ich nur in einer Direktnachricht.',
      '',
      '**Das Recht**: In der EU ist es verboten, am Arbeitsplatz oder in Bildungseinrichtungen Emotionen von Menschen abzuleiten (KI-Verordnung, Art. 5 Abs. 1 Buchst. f), und anderswo müssen die Betroffenen davon wissen (Art. 50 Abs. 3). Öffne keinen Kanal, für den das gelten könnte, und sag den Leuten Bescheid, wenn du einen öffnest.',
    ].join('\n'),
  },
  quota: {
    person: {
      unused: {
        one: '**Übrig für dich**: {left} von {limit} Nachricht.',
        other: '**Übrig für dich**: {left} von {limit} Nachrichten.',
      },
      used: {
        one: '**Übrig für dich**: {left} von {limit} Nachricht, wieder verfügbar in {seconds}.',
        other:
          '**Übrig für dich**: {left} von {limit} Nachrichten, alle {limit} wieder in {seconds}.',
      },
    },
    channel: {
      unused: {
        one: '**Übrig in diesem Kanal**: {left} von {limit} Nachricht.',
        other: '**Übrig in diesem Kanal**: {left} von {limit} Nachrichten.',
      },
      used: {
        one: '**Übrig in diesem Kanal**: {left} von {limit} Nachricht, wieder verfügbar in {seconds}.',
        other:
          '**Übrig in diesem Kanal**: {left} von {limit} Nachrichten, alle {limit} wieder in {seconds}.',
      },
    },
  },
  automaticOn:
    'Dieser Kanal ist jetzt offen: Ich beantworte jede Sprachnachricht, die hier gepostet wird, und alle sehen die Antwort.',
  automaticOnWhenAsked:
    'Dieser Kanal ist jetzt offen: Alle dürfen mit *{readEmotion}* jede Sprachnachricht auswerten lassen, die hier gepostet wird; die Antwort sieht nur, wer fragt. Von selbst antworte ich nicht, denn was gepostet wird, sehe ich nicht.',
  tellPeople:
    'Bitte sag den Leuten hier Bescheid. In der EU ist das am Arbeitsplatz und in Bildungseinrichtungen verboten; verwende mich dort nicht. `{autoOff}` schließt den Kanal wieder.',
  automaticOff:
    'Dieser Kanal ist wieder geschlossen: Alle können nur noch ihre eigenen Sprachnachrichten auswerten lassen, und nur wer fragt, sieht die Antwort.',
  moderatorsOnly:
    'Nur die Moderation kann diesen Kanal öffnen oder schließen. Bitte sie, diesen Befehl zu senden.',
  onlyInChannels: 'Hier sind nur wir beide: Ich beantworte sowieso jede Sprachnachricht.',
  onlyInChannelsWhenAsked:
    'Hier sind nur wir beide, also gibt es nichts zu öffnen. Lass eine Sprachnachricht mit *{readEmotion}* auswerten oder schick mir eine mit `{read}`.',
  inviteMe:
    'Ich bin nicht in diesem Kanal und sehe die Sprachnachrichten hier nicht. Lade mich zuerst ein: `/invite @Undertone`.',
  addMe:
    'Ich bin hier kein Mitglied: Jemand hat mich nur für sich installiert, und was hier gepostet wird, sehe ich nicht. Darum gibt es nichts zu öffnen. Wer den Server verwaltet, kann mich hinzufügen; deine eigenen Sprachnachrichten kannst du hier mit *{readEmotion}* auswerten lassen.',
  allowMe:
    'In diesem Kanal kann ich nicht antworten, mir fehlt hier eine Berechtigung. Gib mir *Kanal ansehen*, *Nachrichten senden* (in einem Thread: *Nachrichten in Threads senden*), *Links einbetten* und *Nachrichtenverlauf anzeigen* und sende dann noch einmal `{autoOn}`.',
  unknownCommand: 'Diesen Befehl kenne ich nicht. `{help}` zeigt, was ich kann.',
  notInstalled:
    'Ich habe keinen Zugang mehr zu diesem Workspace: Ich wurde entfernt, oder mein Zugang ist abgelaufen. Jemand, der hier Apps installieren darf, muss mich neu installieren.',
  wait: 'Das ist mehr, als ich auf einmal schaffe. Frag in {seconds} noch einmal; was bis dahin gepostet wird, lasse ich aus.',
  again:
    'Versuch es in ein paar Minuten noch einmal. Wenn es nicht aufhört, sag der Person Bescheid, die diesen Bot betreibt.',
  errors: {
    'audio-missing':
      'Diese Aufnahme ist leer. Nimm sie noch einmal auf und halte dabei die Taste gedrückt.',
    'audio-too-large':
      'Diese Datei ist zu groß: Erlaubt sind bis zu {size}. Schick eine Sprachnachricht oder die Aufnahme als MP3, M4A oder Ogg.',
    'audio-too-long':
      'Diese Aufnahme ist zu lang: Erlaubt sind bis zu {minutes}. Schick mir einen Teil davon.',
    'format-unsupported':
      'Diese Art von Datei kann ich nicht lesen. Möglich sind Sprachnachrichten und Audiodateien: {formats}.',
    'audio-unreadable':
      'Diese Datei ist beschädigt oder enthält keinen Ton. Nimm sie noch einmal auf oder exportiere sie neu.',
    'decode-timeout':
      'Diese Datei zu lesen hat zu lange gedauert. Schick sie als Sprachnachricht oder als MP3, M4A oder Ogg.',
    'decoder-missing':
      'Dieses Format kann ich hier nicht lesen. Eine Sprachnachricht geht, ebenso WAV, FLAC, MP3, Ogg Opus und WebM. Für alles andere kann die Person, die diesen Bot betreibt, ffmpeg installieren.',
    unauthorized:
      'Der Dienst, der die Sprachnachrichten auswertet, hat meinen Schlüssel nicht angenommen. Die Person, die diesen Bot betreibt, muss einen gültigen eintragen.',
    'rate-limited': 'Ich habe gerade zu viele Sprachnachrichten zu beantworten. {again}',
    'not-permitted':
      'Ich sage dir nur etwas zu deinen eigenen Sprachnachrichten. Damit du die von anderen auswerten lassen kannst, muss die Moderation diesen Kanal öffnen: `{autoOn}`.',
    'author-unknown':
      'Diese Nachricht wurde weitergeleitet, und ich weiß nicht, wer sie aufgenommen hat. Darum antworte ich hier nicht. Leite sie mir in einer Direktnachricht weiter und frag mich dort.',
    'attachment-missing':
      'In dieser Nachricht gibt es keine Aufnahme. Wähle eine Nachricht, die eine Sprachnachricht oder Audiodatei enthält.',
    'attachment-gone':
      'Diese Sprachnachricht gibt es nicht mehr. Poste sie noch einmal und frag mich dann.',
    'attachment-refused':
      'Ich höre mir nur Dateien an, die hier gepostet werden, keine von anderswo. Poste die Sprachnachricht im Chat.',
    'attachment-forbidden':
      'Diese Datei darf ich nicht lesen. Lade mich in den Kanal ein oder schick mir die Sprachnachricht direkt.',
    'attachment-unavailable':
      'Ich konnte diese Sprachnachricht nicht abrufen. Versuch es in einer Minute noch einmal.',
    unavailable: 'Der Dienst, der die Sprachnachrichten auswertet, antwortet nicht. {again}',
    internal: 'Bei mir ist etwas schiefgegangen. {again}',
  },
};
