import type { Catalogue } from './catalogue.ts';

/** French puts a space that does not break before `: ; ! ?`, and people are called "tu". */
export const FRENCH: Catalogue = {
  language: 'fr',
  discordLocales: ['fr'],
  commands: {
    readEmotion: { name: 'Détecter l’émotion' },
    undertone: { name: 'undertone', description: 'L’émotion qu’on entend dans un message vocal' },
    read: {
      name: 'analyser',
      description:
        'Donne l’émotion entendue dans ton enregistrement\u00a0; la réponse n’est visible que par toi',
    },
    note: { name: 'audio', description: 'Un message vocal ou un fichier audio' },
    auto: {
      name: 'auto',
      description: 'Si ce salon est ouvert, donc si je peux répondre aux vocaux de tout le monde',
    },
    on: {
      name: 'activer',
      description:
        'Ouvre ce salon\u00a0: je peux répondre aux vocaux de tout le monde (modération)',
    },
    off: {
      name: 'désactiver',
      description:
        'Ferme ce salon\u00a0: chacun ne m’interroge que sur ses propres vocaux (modération)',
    },
    help: { name: 'aide', description: 'Ce que ce bot sait faire' },
    about: { name: 'à-propos', description: 'Ce que ce bot est, et ce qu’il n’est pas' },
    privacy: { name: 'confidentialité', description: 'Ce que deviennent les enregistrements' },
  },
  labels: {
    neutral: 'neutre',
    calm: 'calme',
    happy: 'joie',
    sad: 'tristesse',
    angry: 'colère',
    fearful: 'peur',
    disgust: 'dégoût',
    surprised: 'surprise',
    uncertain: 'incertain',
    'no-speech': 'aucune voix',
  },
  units: {
    seconds: { one: '{count} seconde', other: '{count} secondes' },
    minutes: { one: '{count} minute', other: '{count} minutes' },
    megabytes: '{count}\u00a0Mo',
  },
  verdict: {
    next: ', puis {label}',
    sureness: 'sûr à {percent}',
    sure: '{headline}, {sureness}.',
    unsure: '{headline}.',
    noSpeech:
      'Je n’entends personne parler. Le silence, la musique et le bruit donnent aussi cette réponse.',
    uncertain: 'Aucune émotion ne ressort. La plus probable\u00a0: {label} ({percent}).',
    changing:
      'La voix change en cours de route. Dans l’ensemble, le plus probable\u00a0: {label} ({percent}).',
    share: '{percent} {label}',
    shares: 'Du temps de parole\u00a0: {shares}.',
    footer: 'Une supposition sur le ton, pas sur ce que quelqu’un ressent.',
  },
  notice: [
    '**Avant de lire la suite\u00a0:** je récupère l’enregistrement une seule fois, je l’analyse et je l’oublie. Ni le son ni la réponse ne sont conservés.',
    'J’ai appris avec des comédiens et je me trompe souvent. Merci de ne juger personne sur ce que je dis.',
    'Dans l’UE, il est interdit de déduire les émotions des gens sur le lieu de travail ou dans les établissements d’enseignement (règlement sur l’IA, art. 5, § 1, point f)\u00a0; ailleurs, les personnes doivent en être informées (art. 50, § 3).',
    'Pour en savoir plus, tape `{privacy}`.',
  ].join('\n'),
  help: {
    title: 'Ce que je sais faire',
    own: '**Ton propre message vocal**\u00a0: ouvre le menu du message et choisis *{readEmotion}*. La réponse n’est visible que par toi.',
    direct:
      '**En message privé**\u00a0: envoie-moi ou transfère-moi un message vocal ou un fichier audio, et je réponds.',
    open: '**Dans un salon ouvert par la modération**\u00a0: je réponds à chaque message vocal, et chacun peut m’interroger sur n’importe lequel.',
    upload: '**Un enregistrement pas encore publié**\u00a0: `{read}`, ici ou en message privé.',
    openWhenAsked:
      '**Dans un salon ouvert par la modération**\u00a0: chacun peut m’interroger sur n’importe quel message vocal avec *{readEmotion}*.',
    onlyWhenAsked: 'Je ne réponds que si on me le demande\u00a0: je ne vois pas ce qui est publié.',
    auto: '`{autoOn}` et `{autoOff}` ouvrent et ferment un salon (modération uniquement).',
    pages: '`{about}` te dit ce que je suis, et `{privacy}` ce que deviennent les enregistrements.',
    limits:
      'J’accepte les enregistrements jusqu’à {minutes} et {size}, dans tous les formats courants.',
  },
  about: {
    title: 'Ce que je suis',
    text: [
      'Je suis Undertone. J’écoute le ton d’une voix, pas ce qu’elle dit, et je nomme une émotion parmi huit\u00a0: {emotions}. Si aucune ne ressort, je dis *{uncertain}*\u00a0; si personne ne parle, *{noSpeech}*. Si un message change nettement, je nomme les émotions dans l’ordre.',
      '',
      'J’ai appris avec des enregistrements de comédiens et je me trompe souvent\u00a0: testé sur des enregistrements venus d’ailleurs, avec d’autres voix, d’autres lieux et d’autres langues, 2 émotions nommées sur 10 étaient fausses, et la plupart du temps, j’ai répondu *{uncertain}*. Une voix enrouée, fatiguée ou loin du micro peut me tromper.',
      '',
      'Ce que je dis est une supposition sur un son. Ce n’est pas un fait sur une personne, et mieux vaut ne fonder aucune décision dessus.',
    ].join('\n'),
  },
  privacy: {
    title: 'Ce que deviennent les enregistrements',
    text: [
      '**Les enregistrements** sont récupérés sur la plateforme quand quelqu’un le demande, gardés en mémoire le temps de l’analyse, puis effacés. Ils ne sont jamais conservés, journalisés ni utilisés pour l’entraînement. Les réponses ne sont pas conservées non plus\u00a0: elles n’existent que dans la discussion.',
      '',
      '**Ce que je retiens**\u00a0: les salons que la modération a ouverts et, sous forme hachée, qui a vu mon avertissement (pour ne le montrer qu’une fois) et qui utilise quelle langue. Les compteurs de demandes sont effacés au bout d’une minute.',
      '',
      '**Qui peut demander**\u00a0: tu peux m’interroger sur tes propres messages, et sur ceux des autres seulement là où la modération a ouvert le salon. Si je ne sais pas qui a enregistré un message transféré, je ne réponds qu’en message privé.',
      '',
      '**La loi**\u00a0: dans l’UE, il est interdit de déduire les émotions des gens sur le lieu de travail ou dans les établissements d’enseignement (règlement sur l’IA, art. 5, § 1, point f), et ailleurs les personnes doivent en être informées (art. 50, § 3). N’ouvre pas de salon où cela pourrait s’appliquer, et préviens les gens quand tu en ouvres un.',
    ].join('\n'),
  },
  quota: {
    person: {
      unused: {
        one: '**Il te reste**\u00a0: {left} sur {limit} message.',
        other: '**Il te reste**\u00a0: {left} sur {limit} messages.',
      },
      used: {
        one: '**Il te reste**\u00a0: {left} sur {limit} message, à nouveau disponible dans {seconds}.',
        other:
          '**Il te reste**\u00a0: {left} sur {limit} messages, et à nouveau {limit} dans {seconds}.',
      },
    },
    channel: {
      unused: {
        one: '**Il reste dans ce salon**\u00a0: {left} sur {limit} message.',
        other: '**Il reste dans ce salon**\u00a0: {left} sur {limit} messages.',
      },
      used: {
        one: '**Il reste dans ce salon**\u00a0: {left} sur {limit} message, à nouveau disponible dans {seconds}.',
        other:
          '**Il reste dans ce salon**\u00a0: {left} sur {limit} messages, et à nouveau {limit} dans {seconds}.',
      },
    },
  },
  automaticOn:
    'Ce salon est maintenant ouvert\u00a0: je réponds à chaque message vocal publié ici, à la vue de tous.',
  automaticOnWhenAsked:
    'Ce salon est maintenant ouvert\u00a0: chacun peut m’interroger avec *{readEmotion}* sur n’importe quel message vocal publié ici\u00a0; la réponse n’est visible que par la personne qui demande. Je ne réponds pas de moi-même, car je ne vois pas ce qui est publié.',
  tellPeople:
    'Merci de prévenir les gens ici. Dans l’UE, c’est interdit sur le lieu de travail et dans les établissements d’enseignement\u00a0: ne m’y utilise pas. `{autoOff}` referme le salon.',
  automaticOff:
    'Ce salon est de nouveau fermé\u00a0: chacun peut m’interroger sur ses propres messages vocaux, et la réponse n’est visible que par cette personne.',
  moderatorsOnly:
    'Seule la modération peut ouvrir ou fermer ce salon. Demande-lui d’envoyer cette commande.',
  onlyInChannels:
    'Ici, il n’y a que toi et moi\u00a0: je réponds de toute façon à chaque message vocal.',
  onlyInChannelsWhenAsked:
    'Ici, il n’y a que toi et moi, donc rien à ouvrir. Interroge-moi sur un message vocal avec *{readEmotion}*, ou envoie-m’en un avec `{read}`.',
  inviteMe:
    'Je ne suis pas dans ce salon, donc je n’y vois pas les messages vocaux. Invite-moi d’abord\u00a0: `/invite @Undertone`.',
  addMe:
    'Je ne suis pas membre ici\u00a0: quelqu’un m’a installé pour son propre usage, et je ne vois pas ce qui est publié. Il n’y a donc rien à ouvrir. La personne qui gère un serveur peut m’y ajouter\u00a0; ici, interroge-moi sur tes propres messages vocaux avec *{readEmotion}*.',
  allowMe:
    'Je ne peux pas répondre dans ce salon\u00a0: il me manque une permission. Accorde-moi *Voir le salon*, *Envoyer des messages* (dans un fil\u00a0: *Envoyer des messages dans les fils*), *Intégrer des liens* et *Voir les anciens messages*, puis renvoie `{autoOn}`.',
  unknownCommand: 'Je ne connais pas cette commande. `{help}` montre ce que je sais faire.',
  notInstalled:
    'Je n’ai plus accès à cet espace de travail\u00a0: j’ai été supprimé, ou mon accès a expiré. Une personne autorisée à installer des applications ici doit me réinstaller.',
  wait: 'C’est plus que je ne peux traiter à la fois. Réessaie dans {seconds}\u00a0; d’ici là, j’ignore ce qui est publié.',
  again: 'Réessaie dans quelques minutes. Si cela continue, préviens la personne qui gère ce bot.',
  errors: {
    'audio-missing':
      'Cet enregistrement est vide. Recommence en maintenant le bouton enfoncé pendant que tu parles.',
    'audio-too-large':
      'Ce fichier est trop volumineux\u00a0: j’accepte jusqu’à {size}. Envoie un message vocal, ou l’enregistrement en MP3, M4A ou Ogg.',
    'audio-too-long':
      'Cet enregistrement est trop long\u00a0: j’accepte jusqu’à {minutes}. Envoie-m’en une partie.',
    'format-unsupported':
      'Je ne peux pas lire ce type de fichier. J’accepte les messages vocaux et les fichiers audio\u00a0: {formats}.',
    'audio-unreadable':
      'Ce fichier est endommagé ou ne contient aucun son. Enregistre-le ou exporte-le à nouveau.',
    'decode-timeout':
      'Ce fichier a mis trop de temps à être lu. Envoie-le en message vocal, ou en MP3, M4A ou Ogg.',
    'decoder-missing':
      'Je ne peux pas lire ce format ici. Un message vocal convient, de même que WAV, FLAC, MP3, Ogg Opus et WebM. Pour le reste, la personne qui gère ce bot peut installer ffmpeg.',
    unauthorized:
      'Le service qui analyse les messages vocaux n’a pas accepté ma clé. La personne qui gère ce bot doit en indiquer une valide.',
    'rate-limited': 'J’ai trop de messages vocaux à traiter en ce moment. {again}',
    'not-permitted':
      'Je ne peux te parler que de tes propres messages vocaux. Pour m’interroger sur ceux des autres, il faut que la modération ouvre ce salon\u00a0: `{autoOn}`.',
    'author-unknown':
      'Ce message a été transféré et je ne sais pas qui l’a enregistré, donc je ne réponds pas ici. Transfère-le-moi en message privé et interroge-moi dans cette conversation.',
    'attachment-missing':
      'Il n’y a pas de message vocal ici. Choisis un message avec un vocal ou un fichier audio.',
    'attachment-gone': 'Ce message vocal n’existe plus. Publie-le à nouveau, puis interroge-moi.',
    'attachment-refused':
      'Je n’écoute que les fichiers publiés ici, pas ceux d’ailleurs. Publie le message vocal dans la discussion.',
    'attachment-forbidden':
      'Je n’ai pas le droit de lire ce fichier. Invite-moi dans le salon, ou envoie-moi le message vocal directement.',
    'attachment-unavailable':
      'Je n’ai pas pu récupérer ce message vocal. Réessaie dans une minute.',
    unavailable: 'Le service qui analyse les messages vocaux ne répond pas. {again}',
    internal: 'Quelque chose n’a pas fonctionné de mon côté. {again}',
  },
};
