import type { Catalogue } from './catalogue.ts';

/** For Spain and Latin America alike, so with words that both use. */
export const SPANISH: Catalogue = {
  language: 'es',
  discordLocales: ['es-ES', 'es-419'],
  commands: {
    readEmotion: { name: 'Detectar emoción' },
    undertone: { name: 'undertone', description: 'Cómo suena una nota de voz' },
    read: {
      name: 'detectar',
      description: 'Dice cómo suena una grabación tuya; solo tú ves la respuesta',
    },
    note: { name: 'nota', description: 'Una nota de voz o un archivo de audio' },
    auto: {
      name: 'auto',
      description: 'Si este canal está abierto, es decir, si respondo a las notas de voz de todos',
    },
    on: {
      name: 'activar',
      description: 'Abre el canal: puedo responder a las notas de voz de todos (moderadores)',
    },
    off: {
      name: 'desactivar',
      description: 'Cierra el canal: cada uno pregunta solo por sus notas (moderadores)',
    },
    help: { name: 'ayuda', description: 'Qué puede hacer este bot' },
    about: { name: 'acerca-de', description: 'Qué es este bot y qué no es' },
    privacy: { name: 'privacidad', description: 'Qué pasa con las grabaciones' },
  },
  labels: {
    neutral: 'neutralidad',
    calm: 'calma',
    happy: 'alegría',
    sad: 'tristeza',
    angry: 'enojo',
    fearful: 'miedo',
    disgust: 'asco',
    surprised: 'sorpresa',
    uncertain: 'no concluyente',
    'no-speech': 'sin voz',
  },
  units: {
    seconds: { one: '{count} segundo', other: '{count} segundos' },
    minutes: { one: '{count} minuto', other: '{count} minutos' },
    megabytes: '{count}\u00a0MB',
  },
  verdict: {
    next: ', luego {label}',
    sureness: '{percent} de certeza',
    sure: '{headline}, {sureness}.',
    unsure: '{headline}.',
    noSpeech: 'No oigo hablar a nadie. También respondo así al silencio, la música y el ruido.',
    uncertain: 'Ninguna emoción destaca; la más probable: {label} ({percent}).',
    changing:
      'La voz cambia a lo largo de la nota. En conjunto, lo más probable: {label} ({percent}).',
    share: '{percent} {label}',
    shares: 'Del tiempo hablado: {shares}.',
    footer: 'Una suposición sobre cómo suena, no sobre lo que alguien siente.',
  },
  notice: [
    '**Antes de seguir leyendo:** descargo la grabación una vez, la analizo y la olvido. No se guarda ni el audio ni la respuesta.',
    'Aprendí de actores y me equivoco a menudo. Por favor, no juzgues a nadie por lo que digo.',
    'En la UE está prohibido inferir las emociones de las personas en el lugar de trabajo o en centros educativos (Reglamento de IA, art. 5, apartado 1, letra f); en los demás casos hay que informarlas (art. 50, apartado 3).',
    'Para saber más, escribe `{privacy}`.',
  ].join('\n'),
  help: {
    title: 'Qué puedo hacer',
    own: '**Tu propia nota de voz**: abre el menú del mensaje y elige *{readEmotion}*. Solo tú ves la respuesta.',
    direct:
      '**En un mensaje directo**: envíame o reenvíame una nota de voz o un archivo de audio y te respondo.',
    open: '**En un canal que un moderador ha abierto**: respondo a todas las notas de voz, y cualquiera puede preguntar por cualquiera de ellas.',
    upload: '**Una grabación que aún no has publicado**: `{read}`, aquí o en un mensaje directo.',
    openWhenAsked:
      '**En un canal que un moderador ha abierto**: cualquiera puede preguntar por cualquier nota de voz con *{readEmotion}*.',
    onlyWhenAsked: 'Solo respondo cuando alguien pregunta: no veo lo que se publica.',
    auto: '`{autoOn}` y `{autoOff}` abren y cierran un canal (solo moderadores).',
    pages: '`{about}` te dice qué soy; `{privacy}`, qué pasa con las grabaciones.',
    limits: 'Acepto grabaciones de hasta {minutes} y {size} en cualquier formato habitual.',
  },
  about: {
    title: 'Qué soy',
    text: [
      'Soy Undertone. Escucho cómo suena una voz, no lo que dice, y nombro una de ocho emociones: {emotions}. Si ninguna destaca, digo *{uncertain}*; si nadie habla, *{noSpeech}*. Si una nota cambia claramente, nombro las emociones en orden.',
      '',
      'Aprendí de grabaciones de actores y me equivoco a menudo: en pruebas con grabaciones de otro origen, con otras personas, lugares e idiomas, 2 de cada 10 emociones que nombré no eran correctas, y la mayoría de las veces dije *{uncertain}*. Una voz ronca, cansada o lejos del micrófono puede engañarme.',
      '',
      'Lo que digo es una suposición sobre un sonido. No es un hecho sobre una persona, y no deberías basar decisiones en ello.',
    ].join('\n'),
  },
  privacy: {
    title: 'Qué pasa con las grabaciones',
    text: [
      '**Las grabaciones** se descargan de la plataforma cuando alguien pregunta, permanecen en memoria mientras se analizan y luego se descartan. Nunca se guardan, ni se registran, ni se usan para entrenar. Las respuestas tampoco se guardan: solo existen en el chat.',
      '',
      '**Lo que recuerdo**: qué canales han abierto los moderadores y, en forma de hash, quién ha visto mi aviso (para mostrarlo una sola vez) y quién usa qué idioma. Los contadores de solicitudes duran un minuto.',
      '',
      '**Quién puede preguntar**: puedes preguntar por tus propias notas, y por las de otras personas solo donde un moderador haya abierto el canal. Si no sé quién grabó una nota reenviada, solo respondo en un mensaje directo.',
      '',
      '**La ley**: en la UE está prohibido inferir las emociones de las personas en el lugar de trabajo o en centros educativos (Reglamento de IA, art. 5, apartado 1, letra f), y en los demás casos hay que informarlas (art. 50, apartado 3). No abras un canal donde esto pueda aplicarse y, si abres uno, avisa a la gente.',
    ].join('\n'),
  },
  quota: {
    person: {
      unused: {
        one: '**Te queda**: {left} de {limit} nota.',
        other: '**Te quedan**: {left} de {limit} notas.',
      },
      used: {
        one: '**Te queda**: {left} de {limit} nota, disponible de nuevo dentro de {seconds}.',
        other:
          '**Te quedan**: {left} de {limit} notas; dentro de {seconds} volverás a tener las {limit}.',
      },
    },
    channel: {
      unused: {
        one: '**Queda en este canal**: {left} de {limit} nota.',
        other: '**Quedan en este canal**: {left} de {limit} notas.',
      },
      used: {
        one: '**Queda en este canal**: {left} de {limit} nota, disponible de nuevo dentro de {seconds}.',
        other:
          '**Quedan en este canal**: {left} de {limit} notas; dentro de {seconds} volverá a haber {limit}.',
      },
    },
  },
  automaticOn:
    'Este canal queda abierto: respondo a todas las notas de voz que se publiquen aquí, a la vista de todos.',
  automaticOnWhenAsked:
    'Este canal queda abierto: cualquiera puede preguntar con *{readEmotion}* por cualquier nota de voz que se publique aquí, y solo esa persona ve la respuesta. No respondo por mi cuenta, porque no veo lo que se publica.',
  tellPeople:
    'Por favor, avisa a quienes están aquí. En la UE es ilegal en el lugar de trabajo y en los centros educativos: no me uses ahí. `{autoOff}` vuelve a cerrar el canal.',
  automaticOff:
    'Este canal vuelve a estar cerrado: cada persona puede preguntarme por sus propias notas de voz y solo ella ve la respuesta.',
  moderatorsOnly:
    'Solo los moderadores pueden abrir o cerrar este canal. Pídele a uno que envíe este comando.',
  onlyInChannels: 'Aquí solo estamos tú y yo: respondo a todas las notas de voz de todos modos.',
  onlyInChannelsWhenAsked:
    'Aquí solo estamos tú y yo, así que no hay nada que abrir. Pregunta por una nota de voz con *{readEmotion}* o envíame una con `{read}`.',
  inviteMe:
    'No estoy en este canal, así que no veo las notas de voz de aquí. Invítame primero: `/invite @Undertone`.',
  addMe:
    'Aquí no soy miembro: alguien me ha instalado solo para su propio uso, y no veo lo que se publica. Por eso no hay nada que abrir. Quien administre un servidor puede añadirme; aquí puedes preguntar por tus propias notas de voz con *{readEmotion}*.',
  allowMe:
    'No puedo responder en este canal: me falta algún permiso. Dame *Ver canal*, *Enviar mensajes* (en un hilo: *Enviar mensajes en hilos*), *Insertar enlaces* y *Leer el historial de mensajes*, y luego vuelve a enviar `{autoOn}`.',
  unknownCommand: 'No conozco ese comando. `{help}` muestra qué puedo hacer.',
  notInstalled:
    'Ya no tengo acceso a este espacio de trabajo: me han eliminado o mi acceso ha caducado. Alguien que pueda instalar aplicaciones aquí tiene que instalarme de nuevo.',
  wait: 'Es más de lo que puedo atender a la vez. Vuelve a preguntar dentro de {seconds}; hasta entonces omito lo que se publique.',
  again: 'Inténtalo de nuevo en unos minutos. Si sigue pasando, avisa a quien administra este bot.',
  errors: {
    'audio-missing':
      'Esta grabación está vacía. Grábala de nuevo y mantén pulsado el botón mientras hablas.',
    'audio-too-large':
      'Este archivo es demasiado grande: acepto hasta {size}. Envía una nota de voz, o la grabación en MP3, M4A u Ogg.',
    'audio-too-long':
      'Esta grabación es demasiado larga: acepto hasta {minutes}. Envíame una parte.',
    'format-unsupported':
      'No puedo leer este tipo de archivo. Acepto notas de voz y archivos de audio: {formats}.',
    'audio-unreadable': 'Este archivo está dañado o no tiene sonido. Grábalo o expórtalo de nuevo.',
    'decode-timeout':
      'Leer este archivo tardó demasiado. Envíalo como nota de voz, o en MP3, M4A u Ogg.',
    'decoder-missing':
      'Aquí no puedo leer este formato. Una nota de voz sí funciona, y también WAV, FLAC, MP3, Ogg Opus y WebM. Para lo demás, quien administra este bot puede instalar ffmpeg.',
    unauthorized:
      'El servicio que analiza las notas de voz no aceptó mi clave. Quien administra este bot tiene que configurar una válida.',
    'rate-limited': 'Ahora mismo tengo demasiadas notas de voz por responder. {again}',
    'not-permitted':
      'Solo puedo hablarte de tus propias notas de voz. Para preguntar por las de otras personas, un moderador tiene que abrir este canal: `{autoOn}`.',
    'author-unknown':
      'Esta nota fue reenviada y no sé quién la grabó, así que no respondo aquí. Reenvíamela en un mensaje directo y pregúntame allí.',
    'attachment-missing':
      'En este mensaje no hay ninguna nota de voz. Elige un mensaje con una nota de voz o un archivo de audio.',
    'attachment-gone': 'Esta nota de voz ya no existe. Publícala de nuevo y vuelve a preguntarme.',
    'attachment-refused':
      'Solo escucho archivos que se publican aquí, no de otros sitios. Publica la nota de voz en el chat.',
    'attachment-forbidden':
      'No tengo permiso para leer este archivo. Invítame al canal o envíame la nota de voz directamente.',
    'attachment-unavailable':
      'No pude descargar esta nota de voz. Inténtalo de nuevo en un minuto.',
    unavailable: 'El servicio que analiza las notas de voz no responde. {again}',
    internal: 'Algo ha fallado por mi parte. {again}',
  },
};
