import type { Catalogue } from './catalogue.ts';

export const PORTUGUESE: Catalogue = {
  language: 'pt-BR',
  discordLocales: ['pt-BR'],
  commands: {
    readEmotion: { name: 'Identificar emoção' },
    undertone: { name: 'undertone', description: 'Como soa uma mensagem de voz' },
    read: {
      name: 'identificar',
      description: 'Diz como soa uma gravação sua; só você vê a resposta',
    },
    note: { name: 'áudio', description: 'Uma mensagem de voz ou um arquivo de áudio' },
    auto: {
      name: 'auto',
      description: 'Se este canal está aberto, ou seja, se posso responder aos áudios de todos',
    },
    on: {
      name: 'ativar',
      description: 'Abre o canal: posso responder às mensagens de voz de todos (moderadores)',
    },
    off: {
      name: 'desativar',
      description: 'Fecha o canal: cada pessoa só pergunta sobre os próprios áudios (moderadores)',
    },
    help: { name: 'ajuda', description: 'O que este bot sabe fazer' },
    about: { name: 'sobre', description: 'O que este bot é e o que não é' },
    privacy: { name: 'privacidade', description: 'O que acontece com as gravações' },
  },
  labels: {
    neutral: 'neutralidade',
    calm: 'calma',
    happy: 'alegria',
    sad: 'tristeza',
    angry: 'raiva',
    fearful: 'medo',
    disgust: 'nojo',
    surprised: 'surpresa',
    uncertain: 'incerto',
    'no-speech': 'sem fala',
  },
  units: {
    seconds: { one: '{count} segundo', other: '{count} segundos' },
    minutes: { one: '{count} minuto', other: '{count} minutos' },
    megabytes: '{count}\u00a0MB',
  },
  verdict: {
    next: ', depois {label}',
    sureness: '{percent} de certeza',
    sure: '{headline}, {sureness}.',
    unsure: '{headline}.',
    noSpeech: 'Não ouço ninguém falando. Silêncio, música e ruído também recebem esta resposta.',
    uncertain: 'Nenhuma emoção se destaca; a mais provável: {label} ({percent}).',
    changing: 'A voz muda ao longo do áudio. No conjunto, o mais provável: {label} ({percent}).',
    share: '{percent} {label}',
    shares: 'Do tempo de fala: {shares}.',
    footer: 'Um palpite sobre o som da voz, não sobre o que alguém sente.',
  },
  notice: [
    '**Antes de continuar:** eu baixo a gravação uma vez, analiso e esqueço. Nem o áudio nem a resposta ficam guardados.',
    'Aprendi com atores e erro com frequência. Por favor, não julgue ninguém pelo que eu digo.',
    'Na UE, é proibido inferir as emoções das pessoas no local de trabalho ou em instituições de ensino (Regulamento de IA, art. 5.º, n.º 1, alínea f); nos outros casos, elas precisam ser informadas (art. 50.º, n.º 3).',
    'Para saber mais, digite `{privacy}`.',
  ].join('\n'),
  help: {
    title: 'O que eu sei fazer',
    own: '**Sua própria mensagem de voz**: abra o menu da mensagem e escolha *{readEmotion}*. Só você vê a resposta.',
    direct:
      '**Em uma mensagem direta**: envie ou encaminhe para mim uma mensagem de voz ou um arquivo de áudio, e eu respondo.',
    open: '**Em um canal que a moderação abriu**: respondo a todas as mensagens de voz, e qualquer pessoa pode perguntar sobre qualquer uma.',
    upload:
      '**Uma gravação que ainda não foi publicada**: `{read}`, aqui ou em uma mensagem direta.',
    openWhenAsked:
      '**Em um canal que a moderação abriu**: qualquer pessoa pode perguntar sobre qualquer mensagem de voz com *{readEmotion}*.',
    onlyWhenAsked: 'Só respondo quando alguém pergunta: não vejo o que é publicado.',
    auto: '`{autoOn}` e `{autoOff}` abrem e fecham um canal (só moderadores).',
    pages: '`{about}` diz o que eu sou, e `{privacy}`, o que acontece com as gravações.',
    limits: 'Aceito gravações de até {minutes} e {size} em qualquer formato comum.',
  },
  about: {
    title: 'O que eu sou',
    text: [
      'Eu sou o Undertone. Escuto como uma voz soa, não o que ela diz, e aponto uma de oito emoções: {emotions}. Se nenhuma se destaca, digo *{uncertain}*; se ninguém fala, *{noSpeech}*. Se uma mensagem muda claramente, aponto as emoções na ordem em que aparecem.',
      '',
      'Aprendi com gravações de atores e erro com frequência: em testes com gravações de outras origens, com outras pessoas, outros lugares e outros idiomas, 2 em cada 10 emoções que apontei estavam erradas, e na maioria das vezes respondi *{uncertain}*. Uma voz rouca, cansada ou longe do microfone pode me enganar.',
      '',
      'O que eu digo é um palpite sobre um som. Não é um fato sobre uma pessoa, e você não deve tomar decisões com base nisso.',
    ].join('\n'),
  },
  privacy: {
    title: 'O que acontece com as gravações',
    text: [
      '**As gravações** são baixadas da plataforma quando alguém pergunta, ficam na memória durante a análise e depois são descartadas. Nunca são guardadas, registradas em log nem usadas para treinamento. As respostas também não são guardadas: só existem no chat.',
      '',
      '**Do que eu me lembro**: quais canais a moderação abriu e, na forma de hash, quem já viu o meu aviso (para mostrá-lo uma vez só) e quem usa qual idioma. Os contadores de pedidos duram um minuto.',
      '',
      '**Quem pode perguntar**: você pode perguntar sobre as suas próprias mensagens e, sobre as de outras pessoas, só onde a moderação abriu o canal. Se eu não souber quem gravou uma mensagem encaminhada, só respondo em uma mensagem direta.',
      '',
      '**A lei**: na UE, é proibido inferir as emoções das pessoas no local de trabalho ou em instituições de ensino (Regulamento de IA, art. 5.º, n.º 1, alínea f) e, nos outros casos, elas precisam ser informadas (art. 50.º, n.º 3). Não abra um canal em que isso possa se aplicar e, quando abrir um, avise as pessoas.',
    ].join('\n'),
  },
  quota: {
    person: {
      unused: {
        one: '**Resta para você**: {left} de {limit} mensagem.',
        other: '**Restam para você**: {left} de {limit} mensagens.',
      },
      used: {
        one: '**Resta para você**: {left} de {limit} mensagem, disponível de novo em {seconds}.',
        other:
          '**Restam para você**: {left} de {limit} mensagens, e todas as {limit} de novo em {seconds}.',
      },
    },
    channel: {
      unused: {
        one: '**Resta neste canal**: {left} de {limit} mensagem.',
        other: '**Restam neste canal**: {left} de {limit} mensagens.',
      },
      used: {
        one: '**Resta neste canal**: {left} de {limit} mensagem, disponível de novo em {seconds}.',
        other:
          '**Restam neste canal**: {left} de {limit} mensagens, e todas as {limit} de novo em {seconds}.',
      },
    },
  },
  automaticOn:
    'Este canal agora está aberto: respondo a todas as mensagens de voz publicadas aqui, à vista de todos.',
  automaticOnWhenAsked:
    'Este canal agora está aberto: qualquer pessoa pode perguntar com *{readEmotion}* sobre qualquer mensagem de voz publicada aqui, e só ela vê a resposta. Não respondo por conta própria, porque não vejo o que é publicado.',
  tellPeople:
    'Por favor, avise as pessoas daqui. Na UE, isso é ilegal no local de trabalho e em instituições de ensino: não me use lá. `{autoOff}` fecha o canal de novo.',
  automaticOff:
    'Este canal está fechado de novo: cada pessoa pode me perguntar sobre as próprias mensagens de voz, e só ela vê a resposta.',
  moderatorsOnly:
    'Só moderadores podem abrir ou fechar este canal. Peça a um deles que envie este comando.',
  onlyInChannels:
    'Aqui somos só nós dois: eu respondo a todas as mensagens de voz de qualquer jeito.',
  onlyInChannelsWhenAsked:
    'Aqui somos só nós dois, então não há nada para abrir. Pergunte sobre uma mensagem de voz com *{readEmotion}* ou envie uma com `{read}`.',
  inviteMe:
    'Não estou neste canal, então não vejo as mensagens de voz daqui. Me convide primeiro: `/invite @Undertone`.',
  addMe:
    'Não sou membro daqui: alguém me instalou só para si, e eu não vejo o que é publicado. Por isso, não há nada para abrir. Quem administra um servidor pode me adicionar; aqui, pergunte sobre as suas próprias mensagens de voz com *{readEmotion}*.',
  allowMe:
    'Não consigo responder neste canal: falta alguma permissão. Me dê *Ver canal*, *Enviar mensagens* (em um tópico: *Enviar mensagens em tópicos*), *Inserir links* e *Ver histórico de mensagens* e depois envie `{autoOn}` de novo.',
  unknownCommand: 'Não conheço este comando. `{help}` mostra o que eu sei fazer.',
  notInstalled:
    'Perdi o acesso a este workspace: fui removido, ou meu acesso expirou. Alguém que possa instalar apps aqui precisa me instalar de novo.',
  wait: 'É mais do que consigo atender de uma vez. Pergunte de novo em {seconds}; até lá, ignoro o que for publicado.',
  again: 'Tente de novo em alguns minutos. Se continuar acontecendo, avise quem cuida deste bot.',
  errors: {
    'audio-missing':
      'Esta gravação está vazia. Grave de novo e mantenha o botão pressionado enquanto fala.',
    'audio-too-large':
      'Este arquivo é grande demais: aceito até {size}. Envie uma mensagem de voz, ou a gravação em MP3, M4A ou Ogg.',
    'audio-too-long': 'Esta gravação é longa demais: aceito até {minutes}. Envie um trecho dela.',
    'format-unsupported':
      'Não consigo ler este tipo de arquivo. Aceito mensagens de voz e arquivos de áudio: {formats}.',
    'audio-unreadable': 'Este arquivo está danificado ou não tem som. Grave ou exporte de novo.',
    'decode-timeout':
      'Este arquivo demorou demais para ser lido. Envie como mensagem de voz, ou em MP3, M4A ou Ogg.',
    'decoder-missing':
      'Não consigo ler este formato aqui. Uma mensagem de voz funciona, assim como WAV, FLAC, MP3, Ogg Opus e WebM. Para os demais, quem cuida deste bot pode instalar o ffmpeg.',
    unauthorized:
      'O serviço que analisa as mensagens de voz não aceitou a minha chave. Quem cuida deste bot precisa definir uma válida.',
    'rate-limited': 'Tenho mensagens de voz demais para responder agora. {again}',
    'not-permitted':
      'Só posso falar das suas próprias mensagens de voz. Para perguntar sobre as de outras pessoas, a moderação precisa abrir este canal: `{autoOn}`.',
    'author-unknown':
      'Esta mensagem foi encaminhada e eu não sei quem a gravou, então não respondo aqui. Encaminhe para mim em uma mensagem direta e pergunte lá.',
    'attachment-missing':
      'Esta mensagem não tem nenhuma gravação. Escolha uma que tenha uma mensagem de voz ou um arquivo de áudio.',
    'attachment-gone':
      'Esta mensagem de voz não existe mais. Publique de novo e depois me pergunte.',
    'attachment-refused':
      'Só escuto arquivos publicados aqui, não arquivos de outros lugares. Publique a mensagem de voz no chat.',
    'attachment-forbidden':
      'Não tenho permissão para ler este arquivo. Me convide para o canal ou me envie a mensagem de voz diretamente.',
    'attachment-unavailable':
      'Não consegui baixar esta mensagem de voz. Tente de novo em um minuto.',
    unavailable: 'O serviço que analisa as mensagens de voz não está respondendo. {again}',
    internal: 'Algo deu errado do meu lado. {again}',
  },
};
